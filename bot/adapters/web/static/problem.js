// How an error is shown.

import { html } from './html.js';
import { words } from './words.js';

/** An error's sentence, and when it is worth another try; nothing where there is no error. */
export function Problem({ error, id }) {
  if (!error) return null;
  return html`<p class="problem" id=${id} role="alert">
    ${error.message}${error.retryAfter ? ` ${words.errors.retryIn(error.retryAfter)}` : ''}
  </p>`;
}
