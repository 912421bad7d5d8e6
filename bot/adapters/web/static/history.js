// The list of a person's videos, newest first.

import { html, useState } from './html.js';
import { JobCard } from './job-card.js';
import { Problem } from './problem.js';
import { words } from './words.js';

function Empty() {
  return html`<div class="empty">
    <svg viewBox="0 0 96 64" aria-hidden="true">
      <rect class="back" x="22" y="6" width="68" height="46" rx="6" />
      <rect class="front" x="6" y="12" width="68" height="46" rx="6" />
      <path d="M35 26v18a1.6 1.6 0 0 0 2.4 1.4l15-9a1.6 1.6 0 0 0 0-2.8l-15-9A1.6 1.6 0 0 0 35 26z" />
    </svg>
    <p><strong>${words.jobs.empty}</strong></p>
    <p class="muted">${words.jobs.emptyLead}</p>
  </div>`;
}

function Older({ load }) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const press = async () => {
    if (isBusy) return;
    setBusy(true);
    setError(null);
    await load().catch(setError);
    setBusy(false);
  };
  return html`<div class="older">
    <${Problem} error=${error} />
    <button type="button" aria-disabled=${isBusy} onClick=${press}>${isBusy ? words.jobs.loading : words.jobs.older}</button>
  </div>`;
}

export function History({ jobs, offer, hasOlder, loadOlder, ...actions }) {
  return html`<section class="history" id="videos" tabindex="-1" aria-label=${words.jobs.title} aria-busy=${jobs === null}>
    <h2 class="unseen">${words.jobs.title}</h2>
    ${jobs?.length === 0 && html`<${Empty} />`}
    ${jobs?.map((job) => html`<${JobCard} key=${job.id} job=${job} offer=${offer} ...${actions} />`)}
    ${hasOlder && html`<${Older} load=${loadOlder} />`}
  </section>`;
}
