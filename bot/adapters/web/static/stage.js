// What is to be seen of a job: its picture, then the newest frame of the render, then the video. The box has the video's
// proportions from the start, so that nothing jumps.

import * as api from './api.js';
import { wantsLessMotion } from './clock.js';
import { html, useEffect, useRef, useState } from './html.js';
import { hasVideo } from './jobs.js';
import { words } from './words.js';

/** The address of the newest still, null before the first. One that is gone, because the render has ended, changes nothing. */
function useStill({ id, still }) {
  const [url, setUrl] = useState(null);
  const shown = useRef(0); // the number of the still that is shown: answers overtake each other
  useEffect(() => {
    if (still === 0) {
      shown.current = 0;
      return;
    }
    const show = (jpeg) => {
      if (still <= shown.current) return;
      shown.current = still;
      setUrl(URL.createObjectURL(jpeg));
    };
    api.bytesOf(id, 'still').then(show, () => {});
  }, [id, still]);
  useEffect(() => () => url && URL.revokeObjectURL(url), [url]);
  return url;
}

/** What the video begins with, until there is a first still. */
function Preview({ job }) {
  const still = useStill(job);
  const [isGone, setGone] = useState(false);
  if (still) return html`<img src=${still} alt=${words.job.stillAlt} />`;
  if (isGone || !job.has_picture) return null;
  return html`<img
    class="dimmed"
    src=${api.fileUrl(job.id, 'picture')}
    alt=${words.job.pictureAlt}
    onError=${() => setGone(true)}
  />`;
}

function Player({ job, wasAwaited }) {
  const video = useRef(null);
  useEffect(() => {
    // Somebody waited for this one: it begins by itself, without sound, unless they want less motion.
    if (wasAwaited && !wantsLessMotion()) video.current.play().catch(() => {});
  }, []);
  return html`<video
    ref=${video}
    src=${api.fileUrl(job.id, 'video')}
    poster=${api.fileUrl(job.id, 'poster')}
    preload=${wasAwaited ? 'auto' : 'none'}
    aria-label=${words.job.label(job)}
    controls
    loop
    muted
    playsinline
  ></video>`;
}

function Content({ job, wasAwaited }) {
  if (hasVideo(job)) return html`<${Player} job=${job} wasAwaited=${wasAwaited} />`;
  if (job.status === 'delivered') return html`<p class="stage-note">${words.job.videoGone}</p>`;
  return html`<${Preview} job=${job} />`;
}

export function Stage({ job, wasAwaited }) {
  const ratio = `${job.width} / ${job.height}`;
  const shape = job.height > job.width ? 'stage upright' : 'stage';
  return html`<div class=${shape} style=${{ aspectRatio: ratio, '--ratio': job.width / job.height }}>
    <${Content} job=${job} wasAwaited=${wasAwaited} />
  </div>`;
}
