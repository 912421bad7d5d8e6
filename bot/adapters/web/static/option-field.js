// One option of the offer as a control. Which control follows from the option's kind alone.

import { html, useId } from './html.js';
import { words } from './words.js';

function Choice({ option, value, onChange, ...attributes }) {
  return html`<select ...${attributes} value=${value} onChange=${(event) => onChange(event.target.value)}>
    <option value="">${words.compose.unset}</option>
    ${option.choices.map((choice) => html`<option value=${choice.value}>${choice.label}</option>`)}
    ${value &&
    !option.choices.some((choice) => choice.value === value) &&
    html`<option value=${value}>${value}</option>`}
  </select>`;
}

// Numbers are text fields: a number field hides what it cannot read ("4,5"), changes under the mouse wheel, and the
// server says better what is wrong.
function Text({ option, value, onChange, ...attributes }) {
  const mode = { integer: 'numeric', number: 'decimal' }[option.kind] ?? 'text';
  return html`<input
    ...${attributes}
    type="text"
    inputmode=${mode}
    autocomplete="off"
    spellcheck=${option.kind === 'text'}
    value=${value}
    onInput=${(event) => onChange(event.target.value)}
  />`;
}

const MANY = 1_000_000; // a range up to here says nothing: the seed's

const isNumber = (value) => value !== null && value !== undefined;

function rangeOf({ kind, min, max }) {
  const saysSomething = kind !== 'choice' && isNumber(min) && isNumber(max) && max < MANY;
  return saysSomething ? words.compose.range(min, max) : '';
}

/** @param {object} props `automatic` is what the server takes where the person gives nothing */
export function OptionField({ option, value, onChange, error, automatic }) {
  const id = useId();
  // What everybody sees explains itself; below Advanced the words are needed.
  const help = option.advanced ? [option.help, rangeOf(option)].filter(Boolean).join(' · ') : '';
  const Control = option.kind === 'choice' ? Choice : Text;
  return html`<div class="field" data-option=${option.name}>
    <label class="label" for=${id}>${option.label}</label>
    <${Control}
      id=${id}
      name=${option.name}
      option=${option}
      value=${value}
      onChange=${onChange}
      placeholder=${automatic === undefined ? words.compose.unset : words.compose.automatic(automatic)}
      aria-invalid=${Boolean(error)}
      title=${option.help}
      aria-describedby=${`${id}-help ${id}-error`}
    />
    <p class="hint" id=${`${id}-help`}>${help}</p>
    <p class="problem" id=${`${id}-error`} role="alert">${error}</p>
  </div>`;
}
