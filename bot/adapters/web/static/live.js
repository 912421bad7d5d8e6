// A person's jobs, the queue and their credits, kept true while the page is open.

import * as api from './api.js';
import { announce } from './announce.js';
import { useCallback, useEffect, useRef, useState } from './html.js';
import { PAGE_SIZE, hasEnded, isActive, withJob, withNewest, withOlder } from './jobs.js';
import { openStream } from './stream.js';
import { words } from './words.js';

const POLL_MS = 3000; // where the stream fails

function tellChange(known, job) {
  if (!known || known.status === job.status) return;
  if (job.status === 'running') announce(words.job.nowRunning);
  else if (job.status === 'delivered') announce(words.job.nowReady);
  else if (job.status === 'cancelled') announce(words.job.nowCancelled);
  else if (hasEnded(job)) announce(words.job.nowFailed(job.error?.message ?? ''));
}

/** @returns what the page shows of the server's state, and how to change the part that is the list of jobs */
export function useLive(isSignedIn) {
  const [jobs, setJobs] = useState(null); // null: not known yet
  const [queue, setQueue] = useState(null);
  const [quota, setQuota] = useState(null);
  const [status, setStatus] = useState('connecting');
  const [hasOlder, setHasOlder] = useState(false);
  const latest = useRef([]);
  latest.current = jobs ?? [];

  const take = useCallback((job) => {
    tellChange(
      latest.current.find((known) => known.id === job.id),
      job,
    );
    setJobs((known) => withJob(known ?? [], job));
  }, []);

  const takeNewest = useCallback((newest) => {
    // A page that shows older ones already knows whether there are more below them.
    if (latest.current.length <= PAGE_SIZE) setHasOlder(newest.length >= PAGE_SIZE);
    setJobs((known) => withNewest(known ?? [], newest));
  }, []);

  useEffect(() => {
    if (!isSignedIn) return undefined;
    const handlers = {
      state: (state) => {
        takeNewest(state.jobs);
        setQueue(state.queue);
        setQuota(state.quota);
      },
      job: take,
      queue: setQueue,
      quota: setQuota,
    };
    return openStream(api.streams.mine, handlers, setStatus);
  }, [isSignedIn, take, takeNewest]);

  useEffect(() => {
    if (status !== 'lost' || !isSignedIn) return undefined;
    const poll = async () => {
      const wanted = jobs === null ? [api.jobs({ limit: PAGE_SIZE }).then((page) => takeNewest(page.jobs))] : [];
      for (const job of latest.current.filter(isActive)) wanted.push(api.job(job.id).then(take));
      wanted.push(api.queue().then(setQueue), api.quota().then(setQuota));
      await Promise.allSettled(wanted); // whatever fails is asked again in a moment
    };
    poll();
    const timer = setInterval(poll, POLL_MS);
    return () => clearInterval(timer);
  }, [status, isSignedIn, jobs === null, take, takeNewest]);

  const loadOlder = useCallback(async () => {
    const page = await api.jobs({ limit: PAGE_SIZE, before: latest.current.at(-1)?.id });
    setJobs((known) => withOlder(known ?? [], page.jobs));
    setHasOlder(page.next !== null);
  }, []);

  const forgetAll = useCallback(() => {
    setJobs([]);
    setHasOlder(false);
  }, []);

  return { jobs, queue, quota, status, hasOlder, loadOlder, take, forgetAll };
}
