// Puts a text on the clipboard.

/** @returns {Promise<boolean>} whether it is there now */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text); // navigator.clipboard exists only on https and localhost
  }
}

function copyBySelection(text) {
  const field = document.createElement('textarea');
  field.value = text;
  field.className = 'unseen';
  document.body.append(field);
  const before = document.activeElement;
  field.select();
  const isDone = document.execCommand('copy');
  field.remove();
  before?.focus();
  return isDone;
}
