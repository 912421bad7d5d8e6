// The view of whoever runs the bot: everybody's jobs, credits and reports, as they change.

import * as api from './api.js';
import { AnyCommand, CommandDialog, useCommands } from './command.js';
import { Header } from './header.js';
import { html, useEffect, useState } from './html.js';
import { Audit, Jobs, Notices, People, Reports } from './operator-lists.js';
import { QueueState, Stats } from './operator-queue.js';
import { Problem } from './problem.js';
import { openStream } from './stream.js';
import { words } from './words.js';

const POLL_MS = 5000; // where the stream fails
const TO_THE_PAGE = { href: '/', text: words.header.page };

function useBoard(isSignedIn) {
  const [board, setBoard] = useState(null);
  const [status, setStatus] = useState('connecting');
  useEffect(() => {
    if (!isSignedIn) return undefined;
    return openStream(api.streams.board, { board: setBoard }, setStatus);
  }, [isSignedIn]);
  useEffect(() => {
    if (status !== 'lost' || !isSignedIn) return undefined;
    const poll = () => api.board().then(setBoard, () => {}); // the header says already that it is not live
    poll();
    const timer = setInterval(poll, POLL_MS);
    return () => clearInterval(timer);
  }, [status, isSignedIn]);
  return { board, status };
}

/** What the last command answered; its place is kept, so that nothing moves when it comes. */
function Outcome({ outcome }) {
  return html`<div class="outcome-line">
    <p role="status">${outcome.message}</p>
    <${Problem} error=${outcome.error} />
  </div>`;
}

function Board({ board, commander }) {
  return html`
    <${QueueState} queue=${board.queue} commander=${commander} />
    <${Outcome} outcome=${commander.outcome} />
    <${Stats} stats=${board.stats} />
    <div class="board">
      <div class="board-side">
        <${Jobs} name="running" jobs=${board.running} commander=${commander} commands=${['cancel']} />
        <${Jobs} name="waiting" jobs=${board.waiting} commander=${commander} commands=${['promote', 'cancel']} />
        <${Jobs} name="ended" jobs=${board.ended} commander=${commander} commands=${['retry']} />
      </div>
      <div class="board-side">
        <${People} people=${board.people} commander=${commander} />
        <${Reports} reports=${board.reports} commander=${commander} />
        <${Notices} notices=${board.notices} />
        <section class="rows card" aria-labelledby="rows-commands">
          <h2 id="rows-commands">${words.operator.commands}</h2>
          <p class="muted">${words.operator.commandsLead}</p>
          <${AnyCommand} commander=${commander} people=${board.people} />
        </section>
        <${Audit} audit=${board.audit} />
      </div>
    </div>
    <${CommandDialog} commander=${commander} people=${board.people} />
  `;
}

function Console({ session }) {
  const { board, status } = useBoard(!session.needsLogin);
  const commander = useCommands();
  return html`
    <${Header}
      title=${words.operator.title}
      status=${status}
      link=${TO_THE_PAGE}
    />
    <main class="console">
      <h1 class="unseen">${words.operator.title}</h1>
      ${board
        ? html`<${Board} board=${board} commander=${commander} />`
        : html`<p class="muted" role="status">${words.session.loading}</p>`}
    </main>
  `;
}

function Forbidden() {
  return html`
    <${Header} title=${words.operator.title} link=${TO_THE_PAGE} />
    <main class="console"><p class="problem">${words.operator.forbidden}</p></main>
  `;
}

export const Operator = ({ session }) =>
  session.me.is_operator ? html`<${Console} session=${session} />` : html`<${Forbidden} />`;
