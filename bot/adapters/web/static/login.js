// The token is asked for here where the server wants one.

import { html, useState } from './html.js';
import { Dialog } from './dialog.js';
import { Problem } from './problem.js';
import { words } from './words.js';

function LoginForm({ lead, onSignIn, linkError = null }) {
  const [token, setToken] = useState('');
  const [error, setError] = useState(null);
  const [isBusy, setBusy] = useState(false);
  async function submit(event) {
    event.preventDefault();
    if (isBusy || !token.trim()) return;
    setBusy(true);
    try {
      await onSignIn(token.trim());
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  }
  return html`<form class="stack" onSubmit=${submit}>
    <p class="muted">${lead}</p>
    <label class="field">
      <span class="label">${words.session.token}</span>
      <input
        type="password"
        name="token"
        autocomplete="current-password"
        autofocus
        required
        aria-invalid=${Boolean(error ?? linkError)}
        value=${token}
        onInput=${(event) => setToken(event.target.value)}
      />
    </label>
    <${Problem} error=${error ?? linkError} />
    <button type="submit" class="primary" aria-disabled=${isBusy}>${words.session.submit}</button>
  </form>`;
}

/** The whole screen, for whoever is not known yet. */
export function LoginScreen({ onSignIn, error }) {
  return html`<main class="login">
    <img src="/static/icon.svg" alt="" width="48" height="48" />
    <h1>${words.name}</h1>
    <${LoginForm} lead=${words.session.lead} onSignIn=${onSignIn} linkError=${error} />
  </main>`;
}

/** Over the page, for whoever was known a moment ago: what they had entered stays below it. */
export function LoginAgain({ onSignIn }) {
  return html`<${Dialog} title=${words.session.title} onClose=${() => {}}>
    <${LoginForm} lead=${words.session.ended} onSignIn=${onSignIn} />
  <//>`;
}
