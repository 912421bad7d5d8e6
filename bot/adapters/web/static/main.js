// Begins the page: who is it, and which view did they open?

import { html, render } from './html.js';
import { LoginAgain, LoginScreen } from './login.js';
import { Operator } from './operator.js';
import { Problem } from './problem.js';
import { useSession } from './session.js';
import { Studio } from './studio.js';
import { words } from './words.js';

function Waiting({ session }) {
  return html`<main class="login">
    <img src="/static/icon.svg" alt="" width="48" height="48" />
    <h1>${words.name}</h1>
    ${session.error
      ? html`<${Problem} error=${session.error} />
          <button type="button" onClick=${session.retry}>${words.errors.retry}</button>`
      : html`<p class="muted" role="status">${words.session.loading}</p>`}
  </main>`;
}

function Page({ View }) {
  const session = useSession();
  if (!session.me && session.needsLogin) {
    return html`<${LoginScreen} onSignIn=${session.signIn} error=${session.error} />`;
  }
  if (!session.me) return html`<${Waiting} session=${session} />`;
  return html`
    <${View} session=${session} />
    ${session.needsLogin && html`<${LoginAgain} onSignIn=${session.signIn} />`}
  `;
}

const isOperators = location.pathname.replace(/\/+$/, '') === '/operator';
render(html`<${Page} View=${isOperators ? Operator : Studio} />`, document.getElementById('page'));
