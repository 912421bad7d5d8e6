// A modal dialog. The browser's own <dialog> keeps the focus inside, closes on Escape and gives the focus back.

import { html, useEffect, useId, useRef } from './html.js';
import { words } from './words.js';

/** Open as long as it is rendered; `onClose` is called for Escape and for a press beside it. */
export function Dialog({ title, onClose, children }) {
  const element = useRef(null);
  const heading = useId();
  useEffect(() => {
    const dialog = element.current;
    dialog.showModal();
    return () => dialog.close();
  }, []);
  const onPress = (event) => event.target === element.current && onClose();
  const onCancel = (event) => {
    event.preventDefault(); // it goes when it is no longer rendered
    onClose();
  };
  // A second Escape closes it whatever we say; the one that follows from leaving the page finds no element any more.
  const onClosed = () => element.current && onClose();
  return html`<dialog
    ref=${element}
    aria-labelledby=${heading}
    onCancel=${onCancel}
    onClose=${onClosed}
    onMouseDown=${onPress}
  >
    <div class="dialog-body">
      <h2 id=${heading}>${title}</h2>
      ${children}
    </div>
  </dialog>`;
}

/** Asks before something that cannot be taken back. */
export function Confirm({ title, lead, yes, onYes, onClose, isBusy = false, problem = null }) {
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <p>${lead}</p>
    ${problem && html`<p class="problem" role="alert">${problem}</p>`}
    <div class="actions end">
      <button type="button" onClick=${onClose}>${words.goBack}</button>
      <button type="button" class="danger" aria-disabled=${isBusy} onClick=${() => isBusy || onYes()}>${yes}</button>
    </div>
  <//>`;
}
