// One stream of server-sent events that is open only while somebody looks.
//
// Browsers allow six connections a host on HTTP/1.1, over all tabs: a seventh tab with an open stream would be stuck, so a
// hidden tab gives its connection back. The server sends the whole state first, so nothing is missed by that.

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;
const PATIENCE_MS = 5000; // for the first event; longer means that something on the way holds the stream back

/**
 * @param {string} url
 * @param {Object<string, (data: object) => void>} handlers by the name of the event
 * @param {(status: 'connecting'|'open'|'lost'|'closed') => void} onStatus 'closed': the tab is hidden
 * @returns {() => void} ends the stream for good
 */
export function openStream(url, handlers, onStatus) {
  let source = null;
  let timer = 0;
  let retryMs = FIRST_RETRY_MS;

  function connect() {
    disconnect();
    if (document.hidden) return onStatus('closed');
    onStatus('connecting');
    const connection = new EventSource(url);
    source = connection;
    const patience = setTimeout(() => source === connection && onStatus('lost'), PATIENCE_MS);
    const live = () => {
      clearTimeout(patience);
      retryMs = FIRST_RETRY_MS;
      onStatus('open');
    };
    for (const [name, handle] of Object.entries(handlers)) {
      connection.addEventListener(name, (event) => {
        if (source !== connection) return;
        live();
        handle(JSON.parse(event.data));
      });
    }
    connection.onerror = () => {
      clearTimeout(patience);
      if (source !== connection) return;
      onStatus('lost');
      // A dropped connection the browser opens again by itself; a refusal (401, 503) it takes as final.
      if (connection.readyState === EventSource.CLOSED) {
        timer = setTimeout(connect, retryMs);
        retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
      }
    };
  }

  function disconnect() {
    clearTimeout(timer);
    source?.close();
    source = null;
  }

  document.addEventListener('visibilitychange', connect);
  window.addEventListener('online', connect);
  connect();
  return () => {
    document.removeEventListener('visibilitychange', connect);
    window.removeEventListener('online', connect);
    disconnect();
  };
}
