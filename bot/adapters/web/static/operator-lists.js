// The lists of the operator's view: jobs, people, reports, notices, commands that were run.

import * as api from './api.js';
import { CommandButton } from './command.js';
import * as format from './format.js';
import { html } from './html.js';
import { hasVideo, received } from './jobs.js';
import { Progress } from './progress.js';
import { words } from './words.js';

/** A titled list that says so where it is empty. */
export function Section({ name, items, children }) {
  return html`<section class="rows card" data-section=${name} aria-labelledby=${`rows-${name}`}>
    <h2 id=${`rows-${name}`}>
      ${words.operator[name]} ${items.length > 0 && html`<span class="count">${format.integer(items.length)}</span>`}
    </h2>
    ${items.length === 0 ? html`<p class="muted">${words.operator.none[name]}</p>` : html`<ul>${items.map(children)}</ul>`}
  </section>`;
}

function When({ at }) {
  return html`<time dateTime=${new Date(at * 1000).toISOString()} title=${format.moment(at)}>${format.ago(at)}</time>`;
}

function Watch({ job }) {
  return html`<a class="button quiet" href=${api.fileUrl(job, 'video')} target="_blank">${words.operator.watch}</a>`;
}

function JobRow({ name, job, commander, commands }) {
  const title = job.prompt || words.job.noPrompt;
  return html`<li data-job=${job.id} data-status=${job.status}>
    <div class="row-text">
      <p class="row-title">${title}</p>
      <p class="row-facts">
        <code>${job.id}</code>
        <span>${job.requester.name || job.requester.id}</span>
        <span>${job.preset}, ${words.job.seconds(job.seconds)}</span>
        <${When} at=${job.ended_at ?? job.created_at} />
      </p>
      ${name === 'running' && html`<${Progress} job=${received(job)} />`}
      ${job.error && html`<p class="problem">${job.error.message}</p>`}
    </div>
    <div class="actions" role="group" aria-label=${words.operator.actionsFor(title)}>
      ${job.ended_at !== null && html`<span class="badge" data-status=${job.status}>${job.status}</span>`}
      ${hasVideo(job) && html`<${Watch} job=${job.id} />`}
      ${commands.map(
        (command) => html`<${CommandButton}
          key=${command}
          commander=${commander}
          name=${command}
          about=${{ job: job.id }}
          class="quiet"
        />`,
      )}
    </div>
  </li>`;
}

const RETRIED = new Set(['failed', 'cancelled', 'undeliverable']);

export function Jobs({ name, jobs, commander, commands }) {
  const commandsOf = (job) => (name === 'ended' ? commands.filter(() => RETRIED.has(job.status)) : commands);
  return html`<${Section} name=${name} items=${jobs}>
    ${(job) => html`<${JobRow} key=${job.id} name=${name} job=${job} commander=${commander} commands=${commandsOf(job)} />`}
  <//>`;
}

export function People({ people, commander }) {
  const commandsOf = (person) => ['grant', 'set-limit', person.banned ? 'unban' : 'ban'];
  return html`<${Section} name="people" items=${people}>
    ${(person) => html`<li key=${person.id} data-person=${person.id}>
      <div class="row-text">
        <p class="row-title">${person.name || person.id}</p>
        <p class="row-facts"><code>${person.id}</code><span>${words.operator.person(person)}</span></p>
        ${person.banned && html`<p class="problem">${words.operator.banned(person.ban_reason)}</p>`}
      </div>
      <div class="actions" role="group" aria-label=${words.operator.actionsFor(person.name || person.id)}>
        ${commandsOf(person).map(
          (name) => html`<${CommandButton}
            key=${name}
            commander=${commander}
            name=${name}
            about=${{ person: person.id }}
            class="quiet"
          />`,
        )}
      </div>
    </li>`}
  <//>`;
}

export function Reports({ reports, commander }) {
  return html`<${Section} name="reports" items=${reports}>
    ${(report) => html`<li key=${report.id}>
      <div class="row-text">
        <p class="row-title">${report.reason}</p>
        <p class="row-facts">
          <code>${report.job}</code><span>${words.operator.by(report.by)}</span><${When} at=${report.at} />
        </p>
      </div>
      <div class="actions">
        <${Watch} job=${report.job} />
        <${CommandButton} commander=${commander} name="hide" about=${{ job: report.job }} class="quiet" />
        <${CommandButton} commander=${commander} name="resolve-report" about=${{ report: String(report.id) }} class="quiet" />
      </div>
    </li>`}
  <//>`;
}

export function Notices({ notices }) {
  return html`<${Section} name="notices" items=${notices}>
    ${(notice) => html`<li key=${`${notice.at} ${notice.message}`}>
      <p class="row-text">${notice.message}</p>
      <${When} at=${notice.at} />
    </li>`}
  <//>`;
}

const argumentsOf = (entry) =>
  typeof entry.arguments === 'string' ? entry.arguments : Object.values(entry.arguments ?? {}).join(' ');

export function Audit({ audit }) {
  return html`<${Section} name="audit" items=${audit}>
    ${(entry, index) => html`<li key=${`${entry.at} ${index}`}>
      <div class="row-text">
        <p class="row-title"><code>${entry.command} ${argumentsOf(entry)}</code></p>
        <p class="row-facts"><span>${words.operator.by(entry.who)}</span><span>${entry.outcome}</span></p>
      </div>
      <${When} at=${entry.at} />
    </li>`}
  <//>`;
}
