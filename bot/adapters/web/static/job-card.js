// One job as a card, from the queue to the player, with what can be done with it.

import * as api from './api.js';
import { announce } from './announce.js';
import { Dialog } from './dialog.js';
import * as format from './format.js';
import { html, useRef, useState } from './html.js';
import { JobFacts } from './job-facts.js';
import { hasVideo, isActive } from './jobs.js';
import { Problem } from './problem.js';
import { Progress } from './progress.js';
import { Stage } from './stage.js';
import { words } from './words.js';

/** How a job ended that brought no video. */
function Outcome({ job }) {
  const sentence = job.error?.message ?? words.job[job.status];
  const credits = words.job.credits[job.credits]?.(job.price);
  return html`<p class=${job.status === 'cancelled' ? 'outcome' : 'outcome failed'}>
    ${sentence} ${credits && html`<span class="muted">${credits}</span>`}
  </p>`;
}

function ReportDialog({ job, onClose }) {
  const [reason, setReason] = useState('');
  const [error, setError] = useState(null);
  async function submit(event) {
    event.preventDefault();
    try {
      await api.report(job.id, reason);
      announce(words.report.done);
      onClose(true);
    } catch (problem) {
      setError(problem);
    }
  }
  return html`<${Dialog} title=${words.report.title} onClose=${() => onClose(false)}>
    <form class="stack" onSubmit=${submit}>
      <p class="muted">${words.report.lead}</p>
      <label class="field">
        <span class="label">${words.report.reason}</span>
        <textarea name="reason" rows="3" required value=${reason} onInput=${(event) => setReason(event.target.value)}></textarea>
      </label>
      <${Problem} error=${error} />
      <div class="actions end">
        <button type="button" onClick=${() => onClose(false)}>${words.goBack}</button>
        <button type="submit" class="primary">${words.report.submit}</button>
      </div>
    </form>
  <//>`;
}

/** One call to the server at a time, and the sentence where it fails. */
function useAction() {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const act = async (call, onAnswer) => {
    if (isBusy) return;
    setBusy(true);
    setError(null);
    try {
      onAnswer(await call());
    } catch (problem) {
      setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, error, act };
}

function Remake({ job, offer, act, isBusy, onMade, onEdit }) {
  if (!job.has_picture) return html`<p class="hint">${words.job.pictureGone}</p>`;
  const hasBest = job.preset !== 'best' && offer.presets.some(({ name }) => name === 'best');
  const again = (changes) => act(() => api.again(job.id, changes), onMade);
  return html`
    <button type="button" title=${words.job.againHint} aria-disabled=${isBusy} onClick=${() => again({})}>
      ${words.job.again}
    </button>
    ${hasBest &&
    hasVideo(job) &&
    html`<button
      type="button"
      title=${words.job.bestHint}
      aria-disabled=${isBusy}
      onClick=${() => again({ seed: String(job.seed), preset: 'best' })}
    >
      ${words.job.best}
    </button>`}
    <button type="button" onClick=${() => onEdit(job)}>${words.job.edit}</button>
  `;
}

/**
 * @param {object} props
 * @param {(job: object) => void} props.onJob given this job as an action has left it
 * @param {(job: object) => void} props.onMade given the new job that was made from this one
 * @param {(job: object) => void} props.onEdit
 */
export function JobCard({ job, offer, onJob, onMade, onEdit }) {
  const { isBusy, error, act } = useAction();
  const [isReporting, setReporting] = useState(false);
  const [isReported, setReported] = useState(false);
  // Whether somebody saw it on its way here; a card that begins with a finished video does not play by itself.
  const wasAwaited = useRef(false);
  if (isActive(job)) wasAwaited.current = true;
  const closeReport = (isSent) => {
    setReporting(false);
    setReported((before) => before || isSent);
  };

  return html`<article
    class="job card"
    id=${`job-${job.id}`}
    tabindex="-1"
    data-status=${job.status}
    aria-label=${words.job.label(job)}
  >
    <${Stage} job=${job} wasAwaited=${wasAwaited.current} />
    <div class="job-text">
      <header>
        <h3 class=${job.prompt ? '' : 'muted'}>${job.prompt || words.job.noPrompt}</h3>
        <time dateTime=${new Date(job.created_at * 1000).toISOString()} title=${format.moment(job.created_at)}>
          ${words.job.asked(job.created_at)}
        </time>
      </header>
      ${isActive(job) && html`<${Progress} job=${job} />`}
      ${['failed', 'cancelled', 'undeliverable'].includes(job.status) && html`<${Outcome} job=${job} />`}
      <${JobFacts} job=${job} offer=${offer} />
      <div class="actions">
        ${['queued', 'running'].includes(job.status) &&
        html`<button type="button" aria-disabled=${isBusy} onClick=${() => act(() => api.cancel(job.id), onJob)}>
          ${words.job.cancel}
        </button>`}
        ${hasVideo(job) && html`<a class="button" href=${api.downloadUrl(job.id)} download>${words.job.download}</a>`}
        ${!isActive(job) &&
        html`<${Remake} job=${job} offer=${offer} act=${act} isBusy=${isBusy} onMade=${onMade} onEdit=${onEdit} />`}
        ${hasVideo(job) &&
        (isReported
          ? html`<span class="hint">${words.report.done}</span>`
          : html`<button type="button" class="quiet last" onClick=${() => setReporting(true)}>${words.job.report}</button>`)}
      </div>
      <${Problem} error=${error} />
    </div>
    ${isReporting && html`<${ReportDialog} job=${job} onClose=${closeReport} />`}
  </article>`;
}
