// The list of a person's jobs as the page holds it: newest first, each id once. Pure functions.

export const PAGE_SIZE = 50; // what the stream's first event and each page of the history hold

const ENDED = new Set(['delivered', 'failed', 'cancelled', 'undeliverable']);

export const hasEnded = (job) => ENDED.has(job.status);
export const isActive = (job) => !hasEnded(job);

/** Whether there is a video to be had: before the end it is not yet given out, and later its file may be deleted. */
export const hasVideo = (job) => job.has_video && (job.status === 'delivered' || job.status === 'undeliverable');

/** The job with the instant (in ms) at which its video is expected, so that a view can count down. */
export function received(job, nowMs = Date.now()) {
  return { ...job, etaAtMs: job.eta === null || job.eta === undefined ? null : nowMs + job.eta * 1000 };
}

// Answers overtake each other: what was sent before the end must not bring an ended job back to life.
const isStale = (known, job) => known !== undefined && hasEnded(known) && !hasEnded(job);

/** `jobs` with `job` in its place, or at the front where it is new. */
export function withJob(jobs, job) {
  const at = jobs.findIndex((known) => known.id === job.id);
  if (isStale(jobs[at], job)) return jobs;
  if (at < 0) return [received(job), ...jobs].sort((a, b) => b.created_at - a.created_at);
  return jobs.map((known, index) => (index === at ? received(job) : known));
}

/** `jobs` with its newest part replaced by what the server holds; the pages loaded below stay. */
export function withNewest(jobs, newest) {
  const known = new Map(jobs.map((job) => [job.id, job]));
  const fresh = newest.map((job) => (isStale(known.get(job.id), job) ? known.get(job.id) : received(job)));
  if (newest.length < PAGE_SIZE) return fresh;
  const oldest = newest.at(-1).created_at;
  const ids = new Set(newest.map((job) => job.id));
  return [...fresh, ...jobs.filter((job) => job.created_at <= oldest && !ids.has(job.id))];
}

/** `jobs` with an older page behind it. */
export function withOlder(jobs, older) {
  const ids = new Set(jobs.map((job) => job.id));
  return [...jobs, ...older.filter((job) => !ids.has(job.id)).map((job) => received(job))];
}

// How much of the whole render each phase is, roughly: from, to. An engine goes through some of them, in this order.
const SHARES = {
  waiting: [0, 0],
  begin: [0, 0.02],
  text: [0.02, 0.06],
  denoise: [0.06, 0.8],
  decode: [0.8, 0.95],
  draw: [0.02, 0.95],
  encode: [0.95, 1],
};

/** How much of a running job is done, 0..1, or null where it has not begun. */
export function doneShare({ phase, step, steps }) {
  const [from, to] = SHARES[phase] ?? [0, 0];
  if (to === 0) return null;
  return steps > 0 ? from + (to - from) * Math.min(1, step / steps) : from;
}
