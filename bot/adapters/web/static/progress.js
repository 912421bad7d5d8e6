// Where a job is that has not ended: its place in the queue, or the phase and step of its render.

import { useNow } from './clock.js';
import { html } from './html.js';
import { doneShare } from './jobs.js';
import { words } from './words.js';

/** Counts down to the instant at which the server expects the video. */
export function Eta({ atMs }) {
  const now = useNow(atMs !== null);
  return atMs === null ? null : html`<span class="eta">${words.job.eta((atMs - now) / 1000)}</span>`;
}

function sentenceOf(job) {
  if (job.status === 'queued') return words.job.queued(job.ahead);
  if (job.status === 'rendered') return words.job.rendered;
  return words.job.phases[job.phase] ?? words.job.running;
}

const hasSteps = (job) => job.status === 'running' && job.steps > 1;

export function Progress({ job }) {
  const share = job.status === 'rendered' ? 1 : job.status === 'running' ? doneShare(job) : null;
  return html`<div class="progress">
    <p><strong>${sentenceOf(job)}</strong></p>
    ${job.status !== 'queued' &&
    html`<progress max="1" value=${share ?? undefined} aria-label=${words.job.progress}></progress>`}
    <p class="progress-line">
      <span>${hasSteps(job) && words.job.step(job.step, job.steps)}</span>
      <${Eta} atMs=${job.status === 'rendered' ? null : job.etaAtMs} />
    </p>
  </div>`;
}
