// What it costs, when it is ready, and what is left.

import { html } from './html.js';
import * as format from './format.js';
import { words } from './words.js';

function Left({ quota, price }) {
  if (!quota) return null;
  const isShort = price !== undefined && price > quota.left;
  return html`<p class=${isShort ? 'hint warn' : 'hint'}>
    ${isShort ? words.compose.short(price, quota.left) : words.compose.left(quota)}
    ${quota.next_credit_in === null ? '' : ` ${words.compose.next(quota.next_credit_in)}`}
  </p>`;
}

export function PriceLine({ quote, quota }) {
  return html`<div class="price-line">
    <p class="price">
      <strong>${quote ? format.credits(quote.price) : '–'}</strong>
      <span class="muted">${quote ? words.compose.quoted(quote) : ''}</span>
    </p>
    <p class="muted">${quote ? words.compose.wait(quote) : ''}</p>
    <${Left} quota=${quota} price=${quote?.price} />
  </div>`;
}
