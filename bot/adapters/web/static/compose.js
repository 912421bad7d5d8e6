// The form: a picture, a sentence, and what the running engine lets one choose.

import * as api from './api.js';
import { EMPTY } from './draft.js';
import * as format from './format.js';
import { useFilesFromAnywhere, usePicture } from './given-picture.js';
import { html, useCallback, useEffect, useRef } from './html.js';
import { OptionField } from './option-field.js';
import { LengthPicker, PresetPicker } from './pickers.js';
import { PictureInput } from './picture-input.js';
import { PriceLine } from './price-line.js';
import { Problem } from './problem.js';
import { PromptField } from './prompt-field.js';
import { useQuote } from './quote.js';
import { useSubmission } from './submission.js';
import { words } from './words.js';

const DRAWN_APART = new Set(['preset', 'seconds']);

const DROP_OR_CHOOSE = html`
  <span class="on-desktop">${words.compose.drop}</span><span class="on-phone">${words.compose.choose}</span>
`;

/** Where an error belongs: the name of a field that is on the page, or null for the one common place. */
function fieldOf(error, shown) {
  if (!error) return null;
  if (shown.has(error.field)) return error.field;
  return error.code?.startsWith('picture_') ? 'picture' : null;
}

function automaticOf(name, preset, quote) {
  const known = { steps: preset.steps, guidance: preset.guidance, frames: quote?.frames ?? preset.frames };
  return known[name] ?? { width: quote?.width, height: quote?.height, fps: quote?.fps }[name];
}

function SubmitBar({ share, onStop }) {
  if (share === null) return html`<button type="submit" class="primary wide">${words.compose.submit}</button>`;
  const label = share < 1 ? words.compose.sending(format.percent(share)) : words.compose.checking;
  return html`<div class="sending">
    <progress max="1" value=${share < 1 ? share : undefined} aria-label=${label}></progress>
    <span>${label}</span>
    <button type="button" class="quiet" onClick=${onStop}>${words.compose.stop}</button>
  </div>`;
}

/** What most people need not know. A sentence about one of its fields must be seen: then it opens. */
function Advanced({ isWrong, children }) {
  const element = useRef(null);
  useEffect(() => {
    if (isWrong) element.current.open = true;
  }, [isWrong]);
  return html`<details class="advanced" ref=${element}>
    <summary>${words.compose.advanced}</summary>
    <div class="fields">${children}</div>
  </details>`;
}

function EndPicture({ picture, error }) {
  return html`<div class="field whole">
    <span class="label">${words.compose.endPicture}</span>
    <${PictureInput}
      name="end_picture"
      isSmall=${true}
      label=${words.compose.endPicture}
      empty=${words.compose.chooseEnd}
      hint=${words.compose.endPictureHelp}
      picture=${picture.picture}
      error=${picture.refusal ?? error}
      onFile=${picture.take}
      onChange=${picture.change}
      onRemove=${picture.remove}
    />
  </div>`;
}

/** The names of all fields beside which an error can stand. */
const fieldsOf = (offer) =>
  new Set(['picture', 'prompt', 'preset', offer.end_picture && 'end_picture', ...offer.options.map(({ name }) => name)]);

/** @param {object} props draft and setDraft are the page's, because a job's Edit fills the form */
export function Compose({ offer, queue, quota, draft, setDraft, onAccepted }) {
  const { source } = draft;
  const start = usePicture(offer, source && api.fileUrl(source.id, 'picture'));
  const end = usePicture(offer, source?.hasEndPicture ? api.fileUrl(source.id, 'end-picture') : null);
  const { share, error, submit, stop, fail } = useSubmission(onAccepted);
  const form = useRef(null);
  const promptInput = useRef(null);
  useFilesFromAnywhere(start.take);

  const presetOf = (wanted) => offer.presets.find(({ name }) => name === wanted);
  const preset = presetOf(draft.options.preset) ?? presetOf(offer.default_preset);
  const drawn = offer.options.filter((option) => !DRAWN_APART.has(option.name));
  const seconds = offer.options.find((option) => option.name === 'seconds');
  const { quote, error: quoteError } = useQuote(start.picture, draft.options, `${queue?.waiting} ${queue?.running}`);
  const told = error ?? quoteError;
  const toldField = fieldOf(told, fieldsOf(offer));
  const errorAt = (name) => (toldField === name ? told.message : null);

  const change = useCallback(
    (next) => {
      fail(null);
      setDraft((last) => ({ ...last, ...next(last) }));
    },
    [fail, setDraft],
  );
  const setOption = (name) => (value) =>
    change(({ options }) => {
      const both = name === 'frames' && value ? { seconds: '' } : {}; // the length is given in one way or the other
      return { options: { ...options, ...both, [name]: value } };
    });
  const optionField = (option) => html`<${OptionField}
    key=${option.name}
    option=${option}
    value=${draft.options[option.name] ?? ''}
    automatic=${automaticOf(option.name, preset, quote)}
    error=${errorAt(option.name)}
    onChange=${setOption(option.name)}
  />`;

  const isDeep = (field) => field === 'end_picture' || drawn.some(({ name, advanced }) => advanced && name === field);
  useEffect(() => {
    if (error && toldField !== null) form.current.querySelector('[aria-invalid=true]')?.focus();
  }, [error]);
  useEffect(() => {
    if (source) promptInput.current?.focus({ preventScroll: true });
  }, [source]);
  useEffect(() => fail(null), [start.picture?.url, end.picture?.url]);

  function onSubmit(event) {
    event.preventDefault();
    if (start.picture) return submit(draft, start.picture, end.picture, offer);
    fail({ field: 'picture', message: words.compose.missing });
  }

  return html`<form class="compose card" ref=${form} onSubmit=${onSubmit} noValidate aria-label=${words.compose.title}>
    ${source &&
    html`<p class="banner">
      <span>${words.compose.editing}</span>
      <button type="button" class="quiet" onClick=${() => setDraft(EMPTY)}>${words.compose.stopEditing}</button>
    </p>`}
    <${PictureInput}
      name="picture"
      label=${words.compose.picture}
      empty=${DROP_OR_CHOOSE}
      hint=${words.compose.taken(offer.formats, offer.max_picture_bytes)}
      picture=${start.picture}
      crop=${quote?.crop}
      error=${start.refusal ?? errorAt('picture')}
      onFile=${start.take}
      onChange=${start.change}
      onRemove=${source ? null : start.remove}
    />
    <${PromptField}
      value=${draft.prompt}
      limit=${offer.prompt_max_length}
      error=${errorAt('prompt')}
      inputRef=${promptInput}
      onChange=${(prompt) => change(() => ({ prompt }))}
    />
    <${PresetPicker}
      presets=${offer.presets}
      chosen=${preset.name}
      error=${errorAt('preset')}
      onChoose=${setOption('preset')}
    />
    ${seconds &&
    html`<${LengthPicker}
      lengths=${offer.lengths.filter((length) => length >= seconds.min && length <= seconds.max)}
      value=${draft.options.seconds ?? ''}
      automatic=${preset.seconds}
      isDisabled=${Boolean(draft.options.frames)}
      error=${errorAt('seconds')}
      onChoose=${setOption('seconds')}
    />`}
    <div class="fields">${drawn.filter((option) => !option.advanced).map(optionField)}</div>
    <${Advanced} isWrong=${isDeep(toldField)}>
      ${offer.end_picture && html`<${EndPicture} picture=${end} error=${errorAt('end_picture')} />`}
      ${drawn.filter((option) => option.advanced).map(optionField)}
    <//>
    <div class="submit">
      <${PriceLine} quote=${quote} quota=${quota} />
      <${Problem} error=${toldField === null ? told : null} />
      <${SubmitBar} share=${share} onStop=${stop} />
    </div>
  </form>`;
}
