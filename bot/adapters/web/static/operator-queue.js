// The queue as a whole: open or not, how much is in it, how today went.

import { CommandButton } from './command.js';
import * as format from './format.js';
import { html } from './html.js';
import { words } from './words.js';

function stateOf(queue) {
  if (queue.draining) return 'draining';
  if (queue.paused) return 'paused';
  return queue.ready ? 'running' : 'notReady';
}

export function QueueState({ queue, commander }) {
  const state = stateOf(queue);
  return html`<section class="queue-state card" data-state=${state} aria-label=${words.operator.title}>
    <p class="state">
      <strong>${words.operator.states[state]}</strong>
      <span class="muted">${words.operator.queue(queue)}</span>
    </p>
    <div class="actions">
      ${!queue.paused && html`<${CommandButton} commander=${commander} name="pause" />`}
      ${(queue.paused || queue.draining) && html`<${CommandButton} commander=${commander} name="resume" class="primary" />`}
      ${!queue.draining && html`<${CommandButton} commander=${commander} name="drain" />`}
    </div>
    ${queue.notice && html`<p class="notice">${queue.notice}</p>`}
  </section>`;
}

function figure(name, value) {
  if (value === null || value === undefined) return words.operator.unknownStat;
  return name.endsWith('_s') ? format.duration(value) : format.integer(value);
}

export function Stats({ stats }) {
  return html`<dl class="stats">
    ${Object.entries(words.operator.stats).map(
      ([name, label]) => html`<div>
        <dt>${label}</dt>
        <dd>${figure(name, stats[name])}</dd>
      </div>`,
    )}
  </dl>`;
}
