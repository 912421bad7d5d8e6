// What is known of a job: what was asked for and what came of it.

import { copy } from './copy.js';
import * as format from './format.js';
import { html, useState } from './html.js';
import { presetName } from './pickers.js';
import { words } from './words.js';

const COPIED_MS = 1500;

function Seed({ seed }) {
  const [isCopied, setCopied] = useState(false);
  const press = async () => {
    if (!(await copy(String(seed)))) return;
    setCopied(true);
    setTimeout(() => setCopied(false), COPIED_MS);
  };
  return html`<li>
    <button type="button" class="link" title=${words.job.copySeed} onClick=${press}>
      ${isCopied ? words.job.copied : words.job.seed(seed)}<span class="unseen">, ${words.job.copySeed}</span>
    </button>
  </li>`;
}

/** The options as given, in the words of the offer; preset and seed are told anyway. */
function asked(job, offer) {
  const known = new Map(offer.options.map((option) => [option.name, option]));
  return Object.entries(job.options)
    .filter(([name]) => !['preset', 'seed', 'seconds', 'width', 'height', 'fps'].includes(name))
    .map(([name, value]) => {
      const option = known.get(name);
      const choice = option?.choices?.find((one) => one.value === value);
      return choice ? choice.label : `${(option?.label ?? name).toLowerCase()} ${value}`;
    });
}

export function JobFacts({ job, offer }) {
  const facts = [
    presetName(job.preset),
    ...asked(job, offer),
    job.has_end_picture && words.job.withEndPicture,
    job.width && format.sides(job.width, job.height),
    words.job.seconds(job.seconds),
    words.job.fps(job.fps),
    job.video_bytes && format.bytes(job.video_bytes),
    job.render_seconds !== null && words.job.made(job.render_seconds),
  ].filter(Boolean);
  return html`<ul class="facts">
    ${facts.map((fact) => html`<li>${fact}</li>`)}
    <${Seed} seed=${job.seed} />
    ${job.used_ai !== null &&
    html`<li class="made-by">${job.used_ai ? words.job.usedAi : words.job.noAi}</li>`}
  </ul>`;
}
