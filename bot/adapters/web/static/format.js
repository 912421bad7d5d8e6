// Numbers, lengths of time and instants as a person reads them. Pure: the same input gives the same text.

const LOCALE = 'en';
const integers = new Intl.NumberFormat(LOCALE);
const tenths = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });
const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto', style: 'short' });
const moments = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium', timeStyle: 'short' });

export const integer = (value) => integers.format(value);

/** "1 credit", "0.5 credits"; what is left is rounded down, so that nothing is promised that is not there. */
export function credits(value) {
  const rounded = Math.floor(value * 10 + 1e-6) / 10;
  return `${tenths.format(rounded)} ${rounded === 1 ? 'credit' : 'credits'}`;
}

/** A length of time that is only guessed: "under 1 s", "about 14 s". */
export function estimate(seconds) {
  return Math.round(seconds) < 1 ? duration(seconds) : `about ${duration(seconds)}`;
}

/** A length of time: "under 1 s", "14 s", "2 min 5 s", "1 h 12 min", "3 days". */
export function duration(seconds) {
  const whole = Math.round(seconds);
  if (whole < 1) return 'under 1 s';
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 10) return whole % 60 ? `${minutes} min ${whole % 60} s` : `${minutes} min`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.round(hours / 24)} days`;
}

/** "640 B", "86 kB", "2.3 MB". */
export function bytes(count) {
  if (count < 1000) return `${count} B`;
  if (count < 999_500) return `${Math.round(count / 1000)} kB`;
  return `${tenths.format(count / 1e6)} MB`;
}

/** How long ago an instant was; both in Unix seconds. */
export function ago(instant, now = Date.now() / 1000) {
  const seconds = Math.min(0, Math.round(instant - now));
  if (seconds > -45) return 'just now';
  if (seconds > -3600) return relative.format(Math.min(-1, Math.round(seconds / 60)), 'minute');
  if (seconds > -86_400) return relative.format(Math.round(seconds / 3600), 'hour');
  return relative.format(Math.round(seconds / 86_400), 'day');
}

/** An instant in Unix seconds, in full, in the reader's own time zone. */
export const moment = (instant) => moments.format(new Date(instant * 1000));

export const sides = (width, height) => `${width} × ${height}`;

export const percent = (share) => `${Math.round(share * 100)} %`;
