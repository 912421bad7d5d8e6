// What the bot knows of a person: to take along, or to have deleted.

import * as api from './api.js';
import { announce } from './announce.js';
import { Confirm } from './dialog.js';
import { html, useState } from './html.js';
import { words } from './words.js';

export function Privacy({ me, onForgotten, onSignOut }) {
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const [done, setDone] = useState(null);
  const forget = async () => {
    setBusy(true);
    setError(null);
    try {
      const { jobs } = await api.forget();
      setDone(words.privacy.done(jobs));
      announce(words.privacy.done(jobs));
      setAsking(false);
      onForgotten();
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return html`<section class="privacy" aria-labelledby="privacy-title">
    <h2 id="privacy-title">${words.privacy.title}</h2>
    <p class="muted">${done ?? words.privacy.lead}</p>
    <div class="actions">
      <a class="button quiet" href=${api.exportUrl} download>${words.privacy.export}</a>
      <button type="button" class="quiet" onClick=${() => setAsking(true)}>${words.privacy.forget}</button>
      ${me.needs_login &&
      html`<button type="button" class="quiet" title=${words.session.as(me.name)} onClick=${onSignOut}>
        ${words.session.signOut}
      </button>`}
    </div>
    ${isAsking &&
    html`<${Confirm}
      title=${words.privacy.confirmTitle}
      lead=${words.privacy.confirm}
      yes=${words.privacy.confirmYes}
      isBusy=${isBusy}
      problem=${error?.message}
      onYes=${forget}
      onClose=${() => setAsking(false)}
    />`}
  </section>`;
}
