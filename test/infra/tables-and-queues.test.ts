// The tables and queues that the code uses are those the template makes.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { localQueues } from '../../local/local-service-bus.ts';
import { type QueueDefinition, settingsOf } from '../../local/service-bus/queue-definition.ts';
import { SERVICE_BUS_LOCK } from '../../relay/hold-session-lock.ts';
import { siteQueueName } from '../../shared/adapters/service-bus/service-bus-job-queue.ts';
import { TABLE_NAMES } from '../../shared/adapters/table-storage/tables.ts';
import { ofType, predicted, ROOT, valueAt } from './deployment.ts';

const prod = predicted('prod');
const tables = ofType(prod, 'Microsoft.Storage/storageAccounts/tableServices/tables').map(lastOfName);
const queues = ofType(prod, 'Microsoft.ServiceBus/namespaces/queues');

describe('tables', () => {
  test('are those of the code', () => {
    const help = 'Add the table to tableNames in infra/modules/storage.bicep, then npm run snapshots';
    expect(tables.toSorted(), help).toEqual([...TABLE_NAMES].toSorted());
  });

  test('are made by the template, so the app never creates one', () => {
    const creators = sources('functions', 'shared').filter(({ text }) => /\bcreateTables?\(/.test(text));
    expect(creators.map(({ path }) => path).toSorted()).toEqual([
      'shared/adapters/table-storage/tables.ts',
      'shared/app/client-registry.ts',
    ]);
    expect(sources('functions').some(({ text }) => text.includes('client-registry'))).toBe(false);
    expect(readFileSync(join(ROOT, 'shared/app.ts'), 'utf8')).not.toContain('client-registry');
  });

  test('that the app may only read are written by the operators’ command alone', () => {
    const writers = sources('functions', 'shared').filter(({ text }) => {
      return /clients\.(create|sessionKeyOf|changeCredentials|remove)\(/.test(text);
    });
    expect(writers.map(({ path }) => path)).toEqual(['shared/app/client-registry.ts']);
  });

  test('that operators write are those of their commands', () => {
    const commands = sources('cli', 'local').filter(({ text }) => text.includes("kind: 'azure-cli'"));
    // The doctor tries the tables of the app, with the rights that the app has.
    // Those for policies and for sources open the store in one place.
    expect(commands.map(({ path }) => path)).toEqual(['cli/clients.ts', 'cli/doctor.ts', 'cli/versions.ts']);
  });
});

describe('queues', () => {
  test('bear the names that functions and relays use', () => {
    const results = 'coa-results';
    expect(queues.map(lastOfName).toSorted()).toEqual(
      [siteQueueName('hq'), siteQueueName('plant-2'), results].toSorted(),
    );
    const triggers = sources('functions').flatMap(({ text }) => [...text.matchAll(/queueName: '([^']+)'/g)]);
    expect(triggers.map(([, name]) => name)).toEqual([results]);
    expect(readFileSync(join(ROOT, 'infra/relay/relay.yaml'), 'utf8')).toContain(`resultsQueue: ${results}`);
    expect(readFileSync(join(ROOT, 'infra/relay/relay.yaml'), 'utf8')).toContain(`jobsQueue: ${siteQueueName('hq')}`);
  });

  test('behave as those of the local run', () => {
    const [site, results] = localQueues('hq');
    expect(queueSettings('coa-hq')).toEqual(inSeconds(site));
    expect(queueSettings('coa-results')).toEqual(inSeconds(results));
  });

  test('lock for no longer than a relay believes', () => {
    expect(SERVICE_BUS_LOCK.longestMs).toBe(queueSettings('coa-hq').lockSeconds * 1000);
  });

  test.each(queues)('of $name keep what could not be delivered', (queue) => {
    expect(valueAt(queue, 'properties.deadLetteringOnMessageExpiration')).toBe(true);
    expect(valueAt(queue, 'properties.maxDeliveryCount')).toBeGreaterThan(1);
  });

  test('have one session per site, so that one relay works at a time', () => {
    const sender = readFileSync(join(ROOT, 'shared/adapters/service-bus/service-bus-job-queue.ts'), 'utf8');
    expect(sender).toContain('sessionId: job.site');
    expect(queueSettings('coa-hq').requiresSession).toBe(true);
  });
});

function queueSettings(name: string) {
  const queue = queues.find((each) => lastOfName(each) === name);
  expect(valueAt(queue, 'properties.requiresDuplicateDetection')).toBe(true);
  return {
    requiresSession: valueAt(queue, 'properties.requiresSession') === true,
    lockSeconds: isoSeconds(valueAt(queue, 'properties.lockDuration')),
    windowSeconds: isoSeconds(valueAt(queue, 'properties.duplicateDetectionHistoryTimeWindow')),
  };
}

function lastOfName({ name }: { readonly name: string }): string {
  return name.split('/').at(-1) ?? '';
}

function isoSeconds(text: unknown): number {
  const [, minutes = 0, seconds = 0] = /^PT(?:(\d+)M)?(?:(\d+)S)?$/.exec(String(text)) ?? [];
  return Number(minutes) * 60 + Number(seconds);
}

function inSeconds(queue: QueueDefinition) {
  const { requiresSession, lockDurationMs, duplicateDetectionWindowMs = 0 } = settingsOf(queue);
  return { requiresSession, lockSeconds: lockDurationMs / 1000, windowSeconds: duplicateDetectionWindowMs / 1000 };
}

function sources(...folders: string[]) {
  return folders
    .flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: ROOT }))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}
