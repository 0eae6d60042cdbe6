// Timer trigger: runs each timer function on its NCRONTAB schedule, one invocation of a function at a time in all
// processes of a timer folder, with the timing rules of Azure's TimerListener (azure-webjobs-sdk-extensions).

import { StartError } from '../../local-error.ts';
import { describeError } from '../describe-error.ts';
import { type NcrontabSchedule, parseNcrontab } from '../ncrontab.ts';
import { resolveSetting } from '../resolve-setting.ts';
import { runWithRetry } from '../run-with-retry.ts';
import { FORGETFUL, type ScheduleStatus, type TimerState, timerStateIn } from '../timer-state.ts';
import type { TriggeredFunction, TriggerHost, TriggerType } from './trigger-type.ts';

// setTimeout's own limit is 24.8 days.
/** How often a process that does not run a timer looks whether it may; a minute on Azure. */
const LOCK_RETRY_MS = 1_000;
const MAX_WAIT_MS = 24 * 24 * 60 * 60 * 1000;

interface Timer {
  readonly fn: TriggeredFunction;
  readonly schedule: NcrontabSchedule;
}

export const timerTrigger: TriggerType = {
  bindingType: 'timertrigger',
  group: 'background',
  prepare(functions, host) {
    const timers = functions.map((fn) => ({ fn, schedule: readSchedule(fn, host) }));
    return {
      async start() {
        const state = host.timerFolder === undefined ? FORGETFUL : timerStateIn(host.timerFolder);
        const stops = timers.map((timer) => runTimer(timer, state, host));
        return {
          async stop() {
            for (const stop of stops) stop();
          },
        };
      },
    };
  },
};

function readSchedule({ name, trigger }: TriggeredFunction, { env }: TriggerHost): NcrontabSchedule {
  const written = trigger['schedule'];
  if (typeof written !== 'string') throw new StartError(`Function "${name}": its timer has no schedule.`);
  const expression = resolveSetting(written, name, 'schedule', env);
  try {
    return parseNcrontab(expression);
  } catch (error) {
    const source = expression === written ? '' : ` (from ${written})`;
    throw new StartError(
      `Function "${name}": its schedule "${expression}"${source} is not valid: ${error instanceof Error ? error.message : error}.`,
    );
  }
}

function runTimer({ fn, schedule }: Timer, state: TimerState, host: TriggerHost): () => void {
  const stopping = new AbortController();
  const monitored = fn.trigger['useMonitor'] !== false && !runsEveryFewSeconds(schedule);
  let status: ScheduleStatus = { last: undefined, next: schedule.next(new Date()) };
  let waiting: NodeJS.Timeout | undefined;

  const waitForNext = () => {
    if (stopping.signal.aborted) return;
    const remaining = status.next.getTime() - Date.now();
    waiting =
      remaining > MAX_WAIT_MS
        ? setTimeout(waitForNext, MAX_WAIT_MS)
        : // An occurrence that passed while the function was still running follows at once.
          setTimeout(() => void fire('scheduled'), Math.max(0, remaining));
  };

  const fire = async (reason: 'scheduled' | 'startup' | 'past-due') => {
    const startedAt = new Date();
    const data = { json: timerInfo(monitored ? status : undefined, reason === 'past-due') };
    try {
      await runWithRetry(fn.registered, (retryContext) => host.runner.run(fn.registered, { data, retryContext }), {
        onRetry: (message) => host.log('warning', message, fn.name),
        stopping: stopping.signal,
      });
    } catch (error) {
      host.log('error', describeError(error), fn.name);
    }
    // A timer may fire a moment early; counting from its due time keeps it from firing twice for one occurrence.
    const last = reason === 'scheduled' && status.next > startedAt ? status.next : startedAt;
    status = { last, next: schedule.next(last) };
    if (monitored) state.write(fn.name, status);
    waitForNext();
  };

  const begin = () => {
    if (stopping.signal.aborted) return;
    if (!state.lock(fn.name)) {
      waiting = setTimeout(begin, LOCK_RETRY_MS);
      return;
    }
    const known = monitored ? state.read(fn.name) : undefined;
    if (known) status = known;
    else if (monitored) state.write(fn.name, status);
    if (fn.trigger['runOnStartup'] === true) void fire('startup');
    else if (known && known.next <= new Date()) void fire('past-due');
    else waitForNext();
  };
  begin();

  return () => {
    stopping.abort();
    clearTimeout(waiting);
    state.unlock(fn.name);
  };
}

// Azure switches the schedule monitor off for schedules with several occurrences a minute; their functions get no
// scheduleStatus.
function runsEveryFewSeconds(schedule: NcrontabSchedule): boolean {
  const now = Date.now();
  return schedule.next(schedule.next(new Date(now))).getTime() <= now + 60_000;
}

/** TimerInfo as the Functions host serializes it; the library turns the names to camel case. */
function timerInfo(status: ScheduleStatus | undefined, isPastDue: boolean): string {
  return JSON.stringify({
    Schedule: { AdjustForDST: true },
    ScheduleStatus: status
      ? { Last: dateTime(status.last), Next: dateTime(status.next), LastUpdated: dateTime(status.last) }
      : null,
    IsPastDue: isPastDue,
  });
}

// .NET's round-trip format of a DateTime in UTC; a timer that never ran has DateTime.MinValue.
function dateTime(date: Date | undefined): string {
  if (!date) return '0001-01-01T00:00:00+00:00';
  return date.toISOString().replace(/(?:\.000)?Z$/, '+00:00');
}
