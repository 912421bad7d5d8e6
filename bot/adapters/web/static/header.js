// The top of every view: where one is, where one can go, and whether what is shown is true right now.

import { html } from './html.js';
import { words } from './words.js';

/** A quiet line that says when the page has lost its stream; the place for it is always there. */
export function LiveLine({ status, children }) {
  return html`<p class="live" role="status" data-status=${status}>
    ${status === 'lost' ? words.live.lost : children}
  </p>`;
}

export function Header({ title, status, line, extra, link }) {
  return html`<header class="top">
    <a class="brand" href="/"><img src="/static/icon.svg" alt="" width="28" height="28" /><span>${title}</span></a>
    <${LiveLine} status=${status}>${line}<//>
    <nav>
      ${extra && html`<span class="badge">${extra}</span>`}
      ${link && html`<a class="button quiet" href=${link.href}>${link.text}</a>`}
    </nav>
  </header>`;
}
