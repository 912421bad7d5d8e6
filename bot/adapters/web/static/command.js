// Admin commands, drawn from what the server says there is: buttons that know their job or person, a dialog for what is
// still to be said, and a form for everything else.

import * as api from './api.js';
import { announce } from './announce.js';
import { Dialog } from './dialog.js';
import { html, useCallback, useEffect, useId, useState } from './html.js';
import { Problem } from './problem.js';
import { words } from './words.js';

export const commandName = (name) => words.operator.commandNames[name] ?? name;

/** The commands by name, how to run one, and what the last one answered. */
export function useCommands() {
  const [commands, setCommands] = useState(new Map());
  const [outcome, setOutcome] = useState({ message: null, error: null });
  const [asked, setAsked] = useState(null); // {command, known} of the dialog that is open

  useEffect(() => {
    api.commands().then(
      (answer) => setCommands(new Map(answer.commands.map((command) => [command.name, command]))),
      (error) => setOutcome({ message: null, error }),
    );
  }, []);

  const run = useCallback(async (name, values) => {
    const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
    const answer = await api.run(name, given);
    setOutcome({ message: answer.message, error: null });
    announce(answer.message);
    return answer;
  }, []);

  /** Run a command with what is known, or ask first: for what is still open, or because it cannot be taken back. */
  const press = (command, known) => {
    const isOpen = command.arguments.some(({ name }) => !(name in known)); // also where it may be left out
    if (command.danger || isOpen) setAsked({ command, known });
    else run(command.name, known).catch((error) => setOutcome({ message: null, error }));
  };
  return { commands, outcome, asked, run, press, close: () => setAsked(null) };
}

/** The command's arguments that are known from where its button stands, by their kind or their name. */
const knownOf = (command, about) =>
  Object.fromEntries(
    command.arguments
      .map((argument) => [argument.name, about[argument.kind] ?? about[argument.name]])
      .filter(([, value]) => value !== undefined),
  );

/** @param {object} props `about`: what the button is for, as `{job}`, `{person}` or `{report}` with an id */
export function CommandButton({ commander, name, about = {}, ...attributes }) {
  const command = commander.commands.get(name);
  if (!command) return null;
  return html`<button
    type="button"
    ...${attributes}
    title=${command.help}
    data-command=${name}
    onClick=${() => commander.press(command, knownOf(command, about))}
  >
    ${commandName(name)}
  </button>`;
}

function ArgumentField({ argument, value, people, onChange }) {
  const id = useId();
  const attributes = { id, name: argument.name, required: argument.required, 'aria-describedby': `${id}-help` };
  const given = (event) => onChange(event.target.value);
  const isNumber = argument.kind === 'number';
  return html`<div class="field">
    <label class="label" for=${id}>
      ${argument.name} ${!argument.required && html`<span class="optional">${words.operator.optional}</span>`}
    </label>
    ${argument.choices
      ? html`<select ...${attributes} value=${value} onChange=${given}>
          <option value=""></option>
          ${argument.choices.map((choice) => html`<option value=${choice.value ?? choice}>${choice.label ?? choice}</option>`)}
        </select>`
      : html`<input
          ...${attributes}
          type="text"
          autocomplete="off"
          inputmode=${isNumber ? 'decimal' : 'text'}
          list=${argument.kind === 'person' ? `${id}-people` : undefined}
          value=${value}
          onInput=${given}
        />`}
    ${argument.kind === 'person' &&
    html`<datalist id=${`${id}-people`}>
      ${people.map((person) => html`<option value=${person.id}>${person.name}</option>`)}
    </datalist>`}
    <p class="hint" id=${`${id}-help`}>${argument.help}</p>
  </div>`;
}

/** A form of the command's arguments; the known ones are shown as text. */
function CommandForm({ command, known = {}, people, yes, isDangerous, onRun, children }) {
  const [values, setValues] = useState(known);
  const [error, setError] = useState(null);
  const [isBusy, setBusy] = useState(false);
  async function submit(event) {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setError(null);
    await onRun(values).catch(setError);
    setBusy(false);
  }
  return html`<form class="stack" onSubmit=${submit}>
    ${command.arguments.map((argument) =>
      argument.name in known
        ? html`<p class="known"><span class="label">${argument.name}</span> <code>${known[argument.name]}</code></p>`
        : html`<${ArgumentField}
            key=${argument.name}
            argument=${argument}
            people=${people}
            value=${values[argument.name] ?? ''}
            onChange=${(value) => setValues((last) => ({ ...last, [argument.name]: value }))}
          />`,
    )}
    <${Problem} error=${error} />
    <div class="actions end">
      ${children}
      <button type="submit" class=${isDangerous ? 'danger' : 'primary'} aria-disabled=${isBusy}>${yes}</button>
    </div>
  </form>`;
}

/** What a pressed button still has to ask. */
export function CommandDialog({ commander, people }) {
  if (!commander.asked) return null;
  const { command, known } = commander.asked;
  const name = commandName(command.name);
  const run = async (values) => {
    await commander.run(command.name, values);
    commander.close();
  };
  return html`<${Dialog} title=${command.danger ? words.operator.confirmTitle(name) : name} onClose=${commander.close}>
    <p>${command.help} ${command.danger && words.operator.confirmLead}</p>
    <${CommandForm}
      command=${command}
      known=${known}
      people=${people}
      yes=${command.danger ? words.operator.confirmYes(name) : name}
      isDangerous=${command.danger}
      onRun=${run}
    >
      <button type="button" onClick=${commander.close}>${words.goBack}</button>
    <//>
  <//>`;
}

/** Any command at all. A dangerous one is asked for again in the dialog. */
export function AnyCommand({ commander, people }) {
  const [name, setName] = useState('');
  const [answer, setAnswer] = useState(null);
  const command = commander.commands.get(name);
  const run = async (values) => {
    setAnswer(null);
    const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
    if (command.danger) commander.press(command, given);
    else setAnswer(await commander.run(name, given));
  };
  const choose = (event) => {
    setName(event.target.value);
    setAnswer(null);
  };
  return html`<div class="any-command stack">
    <label class="field">
      <span class="label">${words.operator.command}</span>
      <select name="command" value=${name} onChange=${choose}>
        <option value=""></option>
        ${[...commander.commands.values()].map((one) => html`<option value=${one.name}>${one.name}</option>`)}
      </select>
    </label>
    ${command && html`<p class="hint">${command.help}</p>`}
    ${command &&
    html`<${CommandForm} key=${name} command=${command} people=${people} yes=${words.operator.runCommand} onRun=${run} />`}
    ${answer &&
    html`<div role="status">
      <p><strong>${answer.message}</strong></p>
      ${answer.data !== null && answer.data !== undefined && html`<pre>${JSON.stringify(answer.data, null, 2)}</pre>`}
    </div>`}
  </div>`;
}
