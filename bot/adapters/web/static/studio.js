// The page of a person: the form on one side, their videos on the other.

import * as api from './api.js';
import { announce } from './announce.js';
import { wantsLessMotion } from './clock.js';
import { Compose } from './compose.js';
import { EMPTY, draftOf, useDraft } from './draft.js';
import { Header } from './header.js';
import { History } from './history.js';
import { html, useCallback, useEffect, useState } from './html.js';
import { hasVideo } from './jobs.js';
import { useLive } from './live.js';
import { Privacy } from './privacy.js';
import { Problem } from './problem.js';
import { words } from './words.js';

/**
 * What the running engine can do. Asked again when it becomes ready, because it may be another one then, and with each
 * video, because how long one takes is better known then.
 */
function useOffer(isReady, videoCount, isSignedIn) {
  const [offer, setOffer] = useState(null);
  const [error, setError] = useState(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (!isSignedIn) return;
    setError(null);
    api.offer().then(setOffer, setError);
  }, [isReady, videoCount, isSignedIn, attempt]);
  return { offer, error, retry: () => setAttempt((count) => count + 1) };
}

function show(selector, block) {
  document.querySelector(selector)?.scrollIntoView({ behavior: wantsLessMotion() ? 'auto' : 'smooth', block });
}

function Notice({ queue, offer }) {
  const notice = queue ? queue.notice : offer.notice;
  return notice ? html`<p class="notice" role="status">${notice}</p>` : null;
}

export function Studio({ session }) {
  const { me, needsLogin } = session;
  const live = useLive(!needsLogin);
  const { offer, error, retry } = useOffer(live.queue?.ready, live.jobs?.filter(hasVideo).length, !needsLogin);
  const [draft, setDraft] = useDraft();
  const [newest, setNewest] = useState(null);

  const onMade = useCallback(
    (job) => {
      live.take(job);
      setNewest(job.id);
      announce(words.compose.accepted(job));
    },
    [live.take],
  );
  // After a new job is drawn its card comes into view; the keyboard's focus stays where it is.
  useEffect(() => newest && show(`#job-${CSS.escape(newest)}`, 'nearest'), [newest]);
  const edit = (job) => {
    setDraft(draftOf(job));
    show('.compose', 'start');
  };

  const onForgotten = () => {
    live.forgetAll();
    setDraft(EMPTY);
  };

  return html`
    <a class="skip" href="#videos">${words.skip}</a>
    <${Header}
      title=${words.name}
      status=${live.status}
      line=${live.queue && words.live.queue(live.queue)}
      extra=${live.quota && words.header.left(live.quota)}
      link=${me.is_operator && { href: '/operator', text: words.header.operator }}
    />
    <main class="studio">
      ${error &&
      html`<div class="notice">
        <${Problem} error=${error} />
        <button type="button" onClick=${retry}>${words.errors.retry}</button>
      </div>`}
      ${offer &&
      html`
        <div class="studio-form">
          <h1 class="unseen">${words.name}</h1>
          <${Notice} queue=${live.queue} offer=${offer} />
          <${Compose}
            offer=${offer}
            queue=${live.queue}
            quota=${live.quota}
            draft=${draft}
            setDraft=${setDraft}
            onAccepted=${onMade}
          />
        </div>
        <${History}
          jobs=${live.jobs}
          offer=${offer}
          hasOlder=${live.hasOlder}
          loadOlder=${live.loadOlder}
          onJob=${live.take}
          onMade=${onMade}
          onEdit=${edit}
        />
      `}
    </main>
    <footer class="bottom">
      <p class="muted">${offer && (offer.uses_ai ? words.engine.ai(offer.model) : words.engine.camera)}</p>
      <${Privacy} me=${me} onForgotten=${onForgotten} onSignOut=${session.signOut} />
    </footer>
  `;
}
