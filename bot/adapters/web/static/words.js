// Every sentence that the page itself says. What the server says (errors, labels and help of options) comes from there.

import { ago, bytes, credits, duration, integer, sides } from './format.js';

const before = (count) => (count === 0 ? 'next in line' : `${integer(count)} before yours`);

export const words = {
  name: 'animate-bot',
  skip: 'Skip to your videos',
  goBack: 'Go back',

  errors: {
    unreachable: 'The bot cannot be reached. Check the connection and try again; nothing you entered is lost.',
    unexpected: (status) => `The bot answered with something unexpected (${status}). Please try again in a moment.`,
    retryIn: (seconds) => `You can try again in ${duration(seconds)}.`,
    retry: 'Try again',
  },

  session: {
    title: 'Sign in',
    lead: 'This bot asks for a token. Whoever runs it has one for you.',
    token: 'Token',
    submit: 'Sign in',
    ended: 'You are signed out. Sign in again to go on; what you entered is still here.',
    signOut: 'Sign out',
    as: (name) => `You are signed in as ${name}.`,
    loading: 'Loading …',
  },

  header: {
    operator: 'Operator',
    page: 'To the page',
    left: (quota) => credits(quota.left),
  },

  live: {
    lost: 'Reconnecting …',
    queue: ({ waiting, running }) =>
      waiting + running === 0 ? 'Nobody is waiting' : `${integer(running)} rendering, ${integer(waiting)} waiting`,
  },

  compose: {
    title: 'New video',
    picture: 'Picture',
    drop: 'Drop, paste or choose a picture',
    choose: 'Choose a picture',
    change: 'Change',
    remove: 'Remove',
    taken: (formats, maxBytes) => `${formats}, up to ${bytes(maxBytes)}`,
    missing: 'Choose a picture first.',
    tooLarge: (size, limit) =>
      `This file is ${bytes(size)}; at most ${bytes(limit)} can be sent. Save it smaller and try again.`,
    notAPicture: (name, formats) => `“${name}” is not a picture that can be read. Choose one of ${formats}.`,
    empty: (name) => `“${name}” is empty. Choose another picture.`,
    noPreview: 'This browser cannot show this kind of picture. That does no harm: the bot opens it itself.',
    ofEarlier: 'The picture of an earlier video',
    pictureFacts: (picture) =>
      [picture.width && sides(picture.width, picture.height), picture.size && bytes(picture.size)]
        .filter(Boolean)
        .join(', '),
    cropNone: 'The video shows all of it.',
    crop: (share) => `The video shows the bright part, ${share} of it.`,
    alt: 'The picture that you chose',

    prompt: 'What should happen?',
    optional: 'optional',
    promptExample: 'She turns her head and smiles, slow push in',
    advice:
      'Say what moves and how the camera moves: one action, one camera move; not what is already in the picture. ' +
      'Left empty, it moves gently by itself.',
    promptLength: (length, limit) => `${integer(length)} of ${integer(limit)} characters`,

    preset: 'Quality',
    presetNames: { fast: 'Fast', balanced: 'Balanced', best: 'Best' },
    about: (seconds) => `about ${duration(seconds)}`,
    length: 'Length',
    seconds: (value) => `${value} s`,
    lengthByFrames: 'The number of frames below sets the length.',
    advanced: 'Advanced',
    unset: 'Automatic',
    range: (min, max) => `${min} to ${max}`,
    automatic: (value) => `automatic: ${value}`,
    endPicture: 'End picture',
    endPictureHelp: 'The picture that the video ends on.',
    chooseEnd: 'Choose an end picture',

    quoted: (quote) => `${sides(quote.width, quote.height)}, ${quote.seconds.toFixed(1)} s`,
    wait: ({ eta, ahead }) =>
      [ahead > 0 && before(ahead), eta !== null && `ready in about ${duration(eta)}`].filter(Boolean).join(', '),
    left: ({ left, cap }) => `${credits(left)} left${cap ? ` of ${integer(cap)}` : ''}.`,
    next: (seconds) => `Next credit in ${duration(seconds)}.`,
    short: (price, left) => `This costs ${credits(price)}; you have ${credits(left)}.`,
    submit: 'Make the video',
    sending: (share) => `Sending ${share}`,
    checking: 'Reading the picture …',
    stop: 'Stop',
    editing: 'You are changing an earlier video. Its picture is used until you choose another one.',
    stopEditing: 'Start afresh',
    accepted: (job) => (job.ahead === null ? 'Accepted.' : `Accepted: ${before(job.ahead)}.`),
  },

  jobs: {
    title: 'Your videos',
    empty: 'Your videos appear here.',
    emptyLead: 'Each one keeps its settings, so that you can make it again, change a word, or raise the quality.',
    older: 'Show older ones',
    loading: 'Loading …',
  },

  job: {
    label: (job) => (job.prompt ? `Video: ${job.prompt}` : 'Video without a prompt'),
    noPrompt: 'No prompt',
    queued: (ahead) => (ahead === null ? 'Waiting' : ahead === 0 ? 'Next in line' : `Waiting, ${before(ahead)}`),
    eta: (seconds) => (seconds < 1 ? 'any moment now' : `about ${duration(seconds)} to go`),
    phases: {
      waiting: 'Waiting for the graphics card',
      begin: 'Starting',
      text: 'Reading the prompt',
      denoise: 'Making the video',
      decode: 'Developing the frames',
      draw: 'Drawing the frames',
      encode: 'Saving the video',
    },
    running: 'Rendering',
    step: (step, steps) => `${integer(step)} of ${integer(steps)}`,
    progress: 'Progress of the render',
    rendered: 'Rendered, on its way to you',
    cancelled: 'Cancelled.',
    failed: 'This did not work.',
    undeliverable: 'The video could not be delivered.',
    credits: {
      returned: (price) => `${credits(price)} given back.`,
      used: (price) => `${credits(price)} used.`,
      held: (price) => `${credits(price)} set aside.`,
    },
    cancel: 'Cancel',
    download: 'Download',
    again: 'Again',
    againHint: 'The same with another seed',
    best: 'In best quality',
    bestHint: 'The same seed with the preset Best',
    edit: 'Edit',
    report: 'Report',
    pictureGone: 'The picture was deleted after its time: send it again to make another one.',
    videoGone: 'The video was deleted after its time.',
    seed: (seed) => `seed ${seed}`,
    copySeed: 'Copy the seed',
    copied: 'Copied',
    seconds: (value) => `${value.toFixed(1)} s`,
    fps: (value) => `${value} fps`,
    made: (seconds) => `made in ${duration(seconds)}`,
    usedAi: 'AI-generated',
    noAi: 'camera move, no AI',
    stillAlt: 'A frame of the video that is being made',
    pictureAlt: 'The picture that the video begins with',
    nowRunning: 'Your video is being made.',
    nowReady: 'Your video is ready.',
    nowFailed: (sentence) => `Your video failed. ${sentence}`,
    nowCancelled: 'Your video was cancelled.',
    withEndPicture: 'with an end picture',
    asked: (instant) => ago(instant),
  },

  report: {
    title: 'Report this video',
    lead: 'Tell whoever runs the bot what is wrong with it.',
    reason: 'What is wrong?',
    submit: 'Send the report',
    done: 'Reported. Thank you.',
  },

  privacy: {
    title: 'Your data',
    lead: 'The bot keeps your pictures and videos for a while, and your settings so that you can make a video again.',
    export: 'Export my data',
    forget: 'Forget me',
    confirmTitle: 'Delete everything of yours?',
    confirm:
      'All your videos, pictures and prompts are deleted, and what is waiting is cancelled. This cannot be undone.',
    confirmYes: 'Delete everything',
    done: (count) => `Deleted: ${integer(count)} ${count === 1 ? 'job' : 'jobs'} and all that belonged to them.`,
  },

  engine: {
    camera: 'A camera moves over your picture; no AI model is used.',
    ai: (model) => `Videos are made by ${model} and marked as AI-generated.`,
  },

  operator: {
    title: 'Operator',
    states: {
      running: 'Open',
      paused: 'Paused',
      draining: 'Draining',
      notReady: 'Engine not ready',
    },
    queue: ({ running, slots, waiting }) =>
      `${integer(running)} of ${integer(slots)} rendering, ${integer(waiting)} waiting`,
    stats: {
      jobs_today: 'Jobs in 24 h',
      delivered_today: 'Delivered',
      failed_today: 'Failed',
      wait_p50_s: 'Wait, median',
      wait_p95_s: 'Wait, 95 %',
      render_p50_s: 'Render, median',
    },
    unknownStat: '–',
    running: 'Rendering',
    waiting: 'Waiting',
    ended: 'Ended',
    people: 'People',
    reports: 'Reports',
    notices: 'Notices',
    audit: 'Audit',
    none: {
      running: 'Nothing is rendering.',
      waiting: 'Nobody is waiting.',
      ended: 'Nothing has ended yet.',
      people: 'Nobody has asked for anything yet.',
      reports: 'No open reports.',
      notices: 'No notices.',
      audit: 'No command was run yet.',
    },
    commandNames: {
      pause: 'Pause',
      resume: 'Resume',
      drain: 'Drain',
      cancel: 'Cancel',
      promote: 'Promote',
      retry: 'Retry',
      grant: 'Grant',
      'set-limit': 'Set limit',
      ban: 'Ban',
      unban: 'Unban',
      'resolve-report': 'Resolve',
    },
    person: (person) =>
      [
        `${credits(person.left)}${person.cap ? ` of ${integer(person.cap)}` : ''}`,
        `${integer(person.jobs)} ${person.jobs === 1 ? 'job' : 'jobs'}`,
        person.running > 0 && `${integer(person.running)} rendering`,
        person.waiting > 0 && `${integer(person.waiting)} waiting`,
      ]
        .filter(Boolean)
        .join(', '),
    banned: (reason) => (reason ? `Banned: ${reason}` : 'Banned'),
    watch: 'Video',
    by: (who) => `by ${who}`,
    commands: 'Commands',
    commandsLead: 'Everything that can be done, also what has no button above.',
    command: 'Command',
    runCommand: 'Run',
    confirmTitle: (name) => `${name}?`,
    confirmLead: 'This takes effect at once.',
    confirmYes: (name) => `Yes, ${name.toLowerCase()}`,
    optional: 'optional',
    answer: 'Answer',
    forbidden: 'This page is for whoever runs the bot.',
    actionsFor: (what) => `Actions for ${what}`,
  },
};
