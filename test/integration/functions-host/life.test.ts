// The functions host from its start to its end: timers, readiness, what is done with running invocations, and starts
// that fail.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { spawnFunctionsHost } from '../../../local/functions-host/spawn-functions-host.ts';
import type { AppSource } from '../../support/functions-host-app/build-app.ts';
import {
  app,
  ENV,
  failedStart,
  fixture,
  folders,
  hosts,
  MAIN,
  MINIMAL,
  Output,
  runMain,
  startBackground,
  startHttp,
  useApps,
} from './spawned-host.ts';

useApps();

describe('timer functions', () => {
  test('run on schedule, at start-up and with retries, with the argument Azure passes', async () => {
    const { host, output } = await startBackground(fixture);
    expect(host).toMatchObject({ port: null, url: null, functions: ['every-second', 'at-start', 'unlucky'] });

    const started = JSON.parse((await output.line('stdout: started ')).replace('stdout: started ', ''));
    const tomorrow = started.scheduleStatus.next;
    expect(started).toEqual({
      isPastDue: false,
      schedule: { adjustForDST: true },
      scheduleStatus: {
        last: '0001-01-01T00:00:00+00:00',
        next: expect.stringMatching(/^\d{4}-\d\d-\d\dT03:00:00\+00:00$/),
        lastUpdated: '0001-01-01T00:00:00+00:00',
      },
    });
    expect(Date.parse(tomorrow)).toBeGreaterThan(Date.now());

    // Two ticks: the schedule goes on. With several occurrences a minute Azure keeps no status.
    const tick = JSON.parse((await output.line('stdout: tick ', 2)).replace('stdout: tick ', ''));
    expect(tick).toEqual({
      name: 'every-second',
      timer: { isPastDue: false, schedule: { adjustForDST: true }, scheduleStatus: null },
    });

    await output.line('[error] unlucky: Error: bad luck');
    const attempts = output.lines
      .filter((line) => line.startsWith('stdout: attempt '))
      .map((line) => JSON.parse(line.replace('stdout: attempt ', '')));
    expect(attempts).toEqual([
      null,
      { retryCount: 1, maxRetryCount: 2, exception: { message: 'bad luck', stackTrace: expect.any(String) } },
      { retryCount: 2, maxRetryCount: 2, exception: { message: 'bad luck', stackTrace: expect.any(String) } },
    ]);
    expect(output.lines.filter((line) => line.includes('[warning] unlucky'))).toEqual([
      'stderr: [warning] unlucky: Failed: bad luck Retry 1 of 2 in 0 s.',
      'stderr: [warning] unlucky: Failed: bad luck Retry 2 of 2 in 0 s.',
    ]);
    await host.stop();
  });

  test('run in one process of several, and in the next one when that ends', async () => {
    const source = `
      import { app } from '@azure/functions';
      app.timer('ticks', { schedule: '* * * * * *', handler: () => console.log('tick of ' + process.pid) });`;
    const timerFolder = mkdtempSync(path.join(tmpdir(), 'timers-'));
    folders.push(timerFolder);
    const appFolder = app({ source });
    const output = new Output();
    const start = () =>
      spawnFunctionsHost({ appFolder, functions: 'background', env: ENV, timerFolder, onLine: output.onLine });
    const first = await start();
    const second = await start();
    hosts.push(first, second);
    await output.line(`tick of ${first.pid}`, 3);
    expect(output.lines.join()).not.toContain(`tick of ${second.pid}`);
    first.process.kill('SIGKILL');
    await output.line(`tick of ${second.pid}`);
  });

  test('that were missed while no process ran are past due, once', async () => {
    const source = `
      import { app } from '@azure/functions';
      app.timer('nightly', { schedule: '0 0 3 * * *', handler: (timer) => console.log('ran', JSON.stringify(timer)) });`;
    const timerFolder = mkdtempSync(path.join(tmpdir(), 'timers-'));
    folders.push(timerFolder);
    const appFolder = app({ source });
    const output = new Output();
    const run = async () => {
      const host = await spawnFunctionsHost({
        appFolder,
        functions: 'background',
        env: ENV,
        timerFolder,
        onLine: output.onLine,
      });
      hosts.push(host);
      return host;
    };
    await (await run()).stop();
    const status = path.join(timerFolder, 'nightly.json');
    expect(Date.parse(JSON.parse(readFileSync(status, 'utf8')).next)).toBeGreaterThan(Date.now());
    expect(output.lines.join()).not.toContain('ran');

    const [last, next] = ['2026-01-01T03:00:00.000Z', '2026-01-02T03:00:00.000Z'];
    writeFileSync(status, JSON.stringify({ last, next }));
    const late = await run();
    const { isPastDue, scheduleStatus } = JSON.parse((await output.line('stdout: ran')).replace('stdout: ran ', ''));
    expect([isPastDue, Date.parse(scheduleStatus.last)]).toEqual([true, Date.parse(last)]);
    await late.stop();
    expect(Date.parse(JSON.parse(readFileSync(status, 'utf8')).next)).toBeGreaterThan(Date.now());
    await (await run()).stop();
    expect(output.lines.filter((line) => line.includes('stdout: ran'))).toHaveLength(1);
  });

  test('never run twice at the same time, and follow at once after an overrun', async () => {
    const source = `
      import { app } from '@azure/functions';
      let running = 0;
      app.timer('overrun', { schedule: '* * * * * *', handler: async () => {
        running++;
        console.log('began ' + running);
        await new Promise((resolve) => setTimeout(resolve, 1500));
        running--;
        console.log('ended ' + Date.now());
      } });`;
    const { host, output } = await startBackground(app({ source }));
    await output.line('began', 3);
    expect(output.lines.filter((line) => line.includes('began'))).toEqual(Array(3).fill('stdout: began 1'));
    await host.stop();
  });

  test('read %NAME% schedules from the environment and from local.settings.json, which the environment overrides', async () => {
    const localSettings = { Values: { NIGHTLY: '0 0 4 * * *', OTHER: 'from the file' } };
    const source = `
      import { app } from '@azure/functions';
      console.log('OTHER is ' + process.env.OTHER);
      app.timer('t', { schedule: '%NIGHTLY%', runOnStartup: true, handler: (timer) => {
        console.log('next ' + timer.scheduleStatus.next);
      } });`;
    const folder = app({ source, localSettings });
    const fromFile = await startBackground(folder, {});
    await fromFile.output.line('OTHER is from the file');
    expect(await fromFile.output.line('next ')).toContain('T04:00:00');
    const fromEnv = await startBackground(folder, ENV);
    expect(await fromEnv.output.line('next ')).toContain('T03:00:00');
  });

  test('are not run in an HTTP process, nor HTTP functions in a background process', async () => {
    const source = `${MINIMAL}
      app.timer('t', { schedule: '0 0 0 1 1 *', runOnStartup: true, handler: () => console.log('ran') });
      app.http('end', { handler: async () => { console.log('end called'); return {}; } });`;
    const folder = app({ source });
    const front = await startHttp(folder);
    expect(front.host.functions).toEqual(['a', 'end']);
    await fetch(`${front.url}/end`);
    await front.output.line('end called');
    await front.host.stop();
    expect(front.output.lines).not.toContain('stdout: ran');

    const back = await startBackground(folder);
    expect(back.host.functions).toEqual(['t']);
    expect(await back.output.line('ready')).toBe(
      'stdout: functions-host ready {"port":null,"url":null,"functions":["t"]}',
    );
    await back.output.line('ran');

    const output = new Output();
    const all = await spawnFunctionsHost({ appFolder: folder, functions: 'all', env: {}, onLine: output.onLine });
    hosts.push(all);
    expect(all.functions).toEqual(['a', 't', 'end']);
    expect(await (await fetch(`${all.url}/a`)).text()).toBe('a');
    await output.line('ran');
  });
});

describe('readiness', () => {
  test('is one line with a freely chosen port, after the appStart hooks, and an IPC message', async () => {
    const { host, output } = await startHttp(fixture);
    expect(host.port).toBeGreaterThan(0);
    const ready = output.lines.filter((line) => line.includes('functions-host ready'));
    expect(ready).toEqual([
      `stdout: functions-host ready ${JSON.stringify({ port: host.port, url: `http://127.0.0.1:${host.port}`, functions: host.functions })}`,
    ]);
    expect(output.lines.indexOf('stdout: hook appStart')).toBeLessThan(output.lines.indexOf(ready[0] ?? ''));
    expect(output.lines.filter((line) => line.startsWith('stderr'))).toEqual([]);

    const child = fork(MAIN, ['--app', fixture, '--functions', 'http'], { env: ENV, execArgv: [], silent: true });
    const [message] = await once(child, 'message');
    expect(message).toEqual({
      type: 'ready',
      port: expect.any(Number),
      url: expect.stringMatching(/^http:/),
      functions: host.functions,
    });
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

describe.concurrent('the end', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'on %s lets running invocations finish, then runs appTerminate',
    async (signal) => {
      const { host, output, url } = await startHttp(fixture);
      const slow = fetch(`${url}/slow`);
      await output.line('slow began');
      host.process.kill(signal);
      // Sent a second time, as a terminal and a parent process do together.
      host.process.kill(signal);
      const response = await slow;
      expect([response.status, await response.text()]).toEqual([200, 'slow but done']);
      expect(await host.exited).toEqual({ code: 0, signal: null });
      expect(output.lines.at(-1)).toBe('stdout: hook appTerminate');
      await expect(fetch(`${url}/nothing`)).rejects.toThrow();
    },
  );

  test('does not wait for ever for a running invocation', async () => {
    const source = `
      import { app } from '@azure/functions';
      app.hook.appTerminate(() => console.log('terminated'));
      app.timer('hangs', { schedule: '0 0 3 * * *', runOnStartup: true, handler: () => {
        console.log('began');
        return new Promise(() => undefined);
      } });`;
    const { host, output } = await startBackground(app({ source }));
    await output.line('began');
    await host.stop();
    expect(await host.exited).toEqual({ code: 0, signal: null });
    await output.line('[warning] host: Stopping without waiting any longer for: hangs');
    await output.line('terminated');
  });

  // WorkerTerminateGracePeriodInSeconds of the host:
  // https://github.com/Azure/azure-functions-host/blob/dev/src/WebJobs.Script/Workers/WorkerConstants.cs
  test('gives appTerminate five seconds: what takes four is done, what takes nine is cut off, and said', async () => {
    const source = `
      import { app } from '@azure/functions';
      import { setTimeout } from 'node:timers/promises';
      app.http('a', { handler: async () => ({ body: 'a' }) });
      app.hook.appTerminate(async () => {
        await setTimeout(4_000);
        console.log('four seconds');
        await setTimeout(5_000);
        console.log('nine seconds');
      });`;
    const { host, output } = await startHttp(app({ source }));
    await host.stop();
    expect(await host.exited).toEqual({ code: 0, signal: null });
    await output.line('four seconds');
    await output.line('[warning] host: An appTerminate hook did not end in time.');
    expect(output.lines.join('\n')).not.toContain('nine seconds');
  });

  test('comes at once during start-up', async () => {
    const source = `${MINIMAL} app.hook.appStart(() => { console.log('starting'); return new Promise(() => undefined); });`;
    const child = fork(MAIN, ['--app', app({ source }), '--functions', 'http'], { execArgv: [], silent: true });
    for await (const chunk of child.stdout ?? []) if (String(chunk).includes('starting')) child.kill('SIGTERM');
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(0);
  });

  test('comes with the parent process', async () => {
    const { host, output } = await startBackground(fixture);
    host.process.disconnect();
    expect(await host.exited).toEqual({ code: 0, signal: null });
    expect(output.lines).toContain('stdout: hook appTerminate');
  });

  test('is answered with 500 when an invocation exceeds functionTimeout; others end, and a new process goes on', async () => {
    const source = `
      import { app } from '@azure/functions';
      import { setTimeout } from 'node:timers/promises';
      app.http('hangs', { handler: async () => { await setTimeout(1_000); console.log('half-way'); await new Promise(() => undefined); } });
      app.http('slow', { handler: async () => { await setTimeout(1_500); return { body: 'slow but done' }; } });
      app.http('pid', { handler: () => ({ body: String(process.pid) }) });`;
    const { host, output, url } = await startHttp(
      app({ source, hostJson: { functionTimeout: '00:00:02', extensions: { http: { routePrefix: '' } } } }),
    );
    const [before, hangs] = [host.pid, fetch(`${url}/hangs`)];
    // Begun later, and still running when the other has run for too long.
    await output.line('half-way');
    const timedOut = output.line('[critical] host: Timeout value of 00:00:02 was exceeded by function "hangs"');
    const slow = fetch(`${url}/slow`);
    await timedOut;
    expect(await (await slow).text()).toBe('slow but done');
    const answer = await hangs;
    expect([answer.status, await answer.text()]).toEqual([500, '']);
    await output.line('functions-host ready', 2);
    const pid = await (await fetch(`${url}/pid`)).text();
    expect([pid, pid === String(before)]).toEqual([String(host.pid), false]);
  });

  test.each([
    ['an uncaught error', "setImmediate(() => { throw new Error('no handler catches me'); });"],
    ['a rejection that nothing handles', "void Promise.reject(new Error('no handler catches me'));"],
  ])('is answered with 500 after %s, and a new process goes on at the same port', async (_what, failing) => {
    const source = `
      import { app } from '@azure/functions';
      app.http('waits', { handler: () => { console.log('waits'); return new Promise(() => undefined); } });
      app.http('fails', { handler: async () => { ${failing} return {}; } });
      app.http('well', { handler: async () => ({ body: 'well' }) });`;
    const { output, url } = await startHttp(app({ source, hostJson: { extensions: { http: { routePrefix: '' } } } }));
    const waiting = fetch(`${url}/waits`);
    await output.line('waits');
    await fetch(`${url}/fails`).catch(() => undefined);
    expect((await waiting).status).toBe(500);
    await output.line('[critical] host: Uncaught error: Error: no handler catches me');
    await output.line('functions-host ready', 2);
    expect(await (await fetch(`${url}/well`)).text()).toBe('well');
  });

  test('comes with its code when the app is lost again and again', async () => {
    const source = `
      import { app } from '@azure/functions';
      app.timer('fails', { schedule: '0 0 3 * * *', runOnStartup: true, handler: () => {
        setImmediate(() => { throw new Error('no handler catches me'); });
      } });`;
    const { host } = await startBackground(app({ source }));
    expect(await host.exited).toEqual({ code: 70, signal: null });
  });
});

describe('a failing start', () => {
  const timer = (schedule: string) =>
    `import { app } from '@azure/functions'; app.timer('nightly', { schedule: '${schedule}', handler: () => undefined });`;

  test('of an entry point that throws: its stack', async () => {
    const err = await failedStart({ source: `${MINIMAL} throw new TypeError('broken at load');` });
    expect(err).toMatch(/^The entry point dist\/functions\.cjs could not be loaded: TypeError: broken at load\n\s+at /);
  });

  test('of an entry point that throws an instruction: only that', async () => {
    const source = `throw Object.assign(new Error('Set NAC_TENANTS first.'), { code: 'NAC_CONFIG' });`;
    expect(await failedStart({ source })).toBe('Set NAC_TENANTS first.');
  });

  test('of an appStart hook', async () => {
    const source = `${MINIMAL} app.hook.appStart(() => { throw new Error('no database'); });`;
    expect(await failedStart({ source })).toMatch(/^An appStart hook failed: Error: no database/);
  });

  test.each<[string, AppSource, RegExp]>([
    [
      'registers nothing',
      { source: 'console.error("loaded")' },
      /No functions found: .*functions\.cjs registered none/,
    ],
    ['is not there', { packageJson: { main: 'dist/other*.js' } }, /No functions found: .*"dist\/other\*\.js".*built/],
    ['is not named', { packageJson: {} }, /No functions found: .*package\.json/],
    [
      'registers a name twice',
      { source: `${MINIMAL} app.http('A', { handler: async () => ({}) });` },
      /"A" has already been registered/,
    ],
    [
      'registers a bad name',
      { source: `${MINIMAL} app.http('1 a', { handler: async () => ({}) });` },
      /"1 a" is not a valid function name/,
    ],
    ['uses streaming', { source: `${MINIMAL} app.setup({ enableHttpStream: true });` }, /buffered HTTP only/],
    [
      'has a bad host.json',
      { source: MINIMAL, hostJson: { functionTimeout: '5 minutes' } },
      /functionTimeout must be a duration.*5 minutes/,
    ],
    [
      'has a bad route',
      { source: `${MINIMAL} app.http('r', { route: 'x/{a:odd}', handler: async () => ({}) });` },
      /Function "r": its route "x\/\{a:odd\}" cannot be used: the constraint "odd" is not supported/,
    ],
  ])('of an app that %s', async (_what, source, message) => {
    expect(await failedStart(source)).toMatch(message);
  });

  test('for an unset %SETTING%, also in the process that would not run the timer', async () => {
    const source = `${MINIMAL} ${timer('%NIGHTLY%').slice(timer('').indexOf('app.timer'))}`;
    expect(await failedStart({ source }, { functions: 'http' })).toBe(
      'Function "nightly": its schedule is %NIGHTLY%, but the app setting NIGHTLY is not set.',
    );
  });

  test.each([
    ['* * * *', 'it has 4 fields'],
    ['0 0 0 * * 7', '"7" is not a valid day of week (0 to 6)'],
    ['0 0 0 L * *', '"L" is not a valid day'],
    ['@daily', 'it has 1 field'],
    ['00:05:00', 'a TimeSpan works on App Service plans only'],
    ['0 0 0 30 2 *', 'it never occurs'],
  ])('for the schedule %s', async (schedule, reason) => {
    const err = await failedStart({ source: timer(schedule) });
    expect(err).toContain(`Function "nightly": its schedule "${schedule}" is not valid: ${reason}`);
  });

  test('names the setting a bad schedule came from', async () => {
    expect(await failedStart({ source: timer('%WHEN%') }, { env: { WHEN: 'daily' } })).toContain(
      'its schedule "daily" (from %WHEN%) is not valid: it has 1 field;',
    );
  });

  test('for a trigger type it does not know', async () => {
    const source = `import { app } from '@azure/functions';
      app.storageQueue('worker', { queueName: 'q', connection: 'QUEUES', handler: () => undefined });`;
    expect(await failedStart({ source })).toBe(
      'Function "worker" has the trigger type queueTrigger, which this host does not support.',
    );
  });

  test('for a Service Bus queue whose connection is not set', async () => {
    const source = `import { app } from '@azure/functions';
      app.serviceBusQueue('worker', { queueName: 'q', connection: 'BUS', handler: () => undefined });`;
    expect(await failedStart({ source })).toBe(
      'Function "worker": the app setting BUS is not set. This host connects by connection string only.',
    );
  });

  test('for a port in use; the programmatic start rejects with the text', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await expect(startHttp(fixture, { port })).rejects.toThrow(`Port ${port} on 127.0.0.1 is already in use.`);
    server.close();
  });

  test.each([
    [[], '--app is missing'],
    [['--app', '/no/such/folder', '--functions', 'all'], 'The app folder /no/such/folder does not exist.'],
    [['--app', '.', '--functions', 'some'], '--functions must be http, background or all'],
    [['--app', '.', '--functions', 'all', '--port', '70000'], '"70000" is not a port'],
    [['--app', '.', '--functions', 'all', '--cert', 'x'], '--cert and --key go together'],
    [['--app', '.', '--nonsense'], "Unknown option '--nonsense'"],
  ])('for the arguments %j', async (args, message) => {
    const { code, out, err } = await runMain(args);
    expect([code, out, err]).toEqual([1, '', expect.stringContaining(message)]);
  });
});
