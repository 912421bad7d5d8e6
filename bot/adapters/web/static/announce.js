// Says a sentence to people who listen to the page instead of looking at it.

/** Have a screen reader say `sentence` when it is done with what it is saying. */
export function announce(sentence) {
  const region = document.getElementById('announcer');
  if (region) region.textContent = sentence;
}
