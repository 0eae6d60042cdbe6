// The tables and queues that the code uses are those the template makes.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { localQueues } from '../../local/local-service-bus.ts';
import { type QueueDefinition, settingsOf } from '../../local/service-bus/queue-definition.ts';
import { SERVICE_BUS_LOCK } from '../../relay/keep-session.ts';
import { siteQueueName } from '../../shared/adapters/service-bus/service-bus-job-queue.ts';
import { TABLE_NAMES } from '../../shared/adapters/table-storage/tables.ts';
import { bodyOf, declaration, literalsOf, propertiesOf, ROOT, readBicepFile, textAt } from './bicep-file.ts';

const storage = readBicepFile('infra/modules/storage.bicep');
const serviceBus = readBicepFile('infra/modules/service-bus.bicep');
const siteQueue = readBicepFile('infra/modules/site-queue.bicep');

describe('tables', () => {
  it('are those of the code', () => {
    const declared = literalsOf(
      declaration(storage, 'tableNames').node.namedChildren.at(-1) ?? declaration(storage, 'tableNames').node,
    );
    expect(declared.toSorted(), 'Add the table to tableNames in infra/modules/storage.bicep').toEqual(
      [...TABLE_NAMES].toSorted(),
    );
  });

  it('are made by the template, so the app never creates one', () => {
    const creators = sources('functions', 'shared').filter(({ text }) => /\bcreateTables?\(/.test(text));
    expect(creators.map(({ path }) => path).toSorted()).toEqual([
      'shared/adapters/table-storage/tables.ts',
      'shared/client-registry.ts',
    ]);
    expect(sources('functions').some(({ text }) => text.includes('client-registry'))).toBe(false);
    expect(readFileSync(join(ROOT, 'shared/app.ts'), 'utf8')).not.toContain('client-registry');
  });

  it('that the app may only read are written by the operators’ command alone', () => {
    expect(literalsOf(declaration(storage, 'readOnlyTableNames').node)).toEqual(['clients']);
    const writers = sources('functions', 'shared').filter(({ text }) => {
      return /clients\.(create|sessionKeyOf|changeCredentials|remove)\(/.test(text);
    });
    expect(writers.map(({ path }) => path)).toEqual(['shared/client-registry.ts']);
  });

  it('that operators write are those of their commands', () => {
    expect(literalsOf(declaration(storage, 'operatorTableNames').node)).toEqual(['clients', 'policies']);
    const commands = sources('local').filter(({ text }) => text.includes("kind: 'azure-cli'"));
    expect(commands.map(({ path }) => path)).toEqual(['local/clients.ts', 'local/policy.ts']);
  });
});

describe('queues', () => {
  it('bear the names that functions and relays use', () => {
    const interpolation = '$' + '{siteOfQueue.name}';
    expect(textAt(bodyOf(declaration(siteQueue, 'queue')), 'name')).toBe(`'${siteQueueName(interpolation)}'`);
    const results = textAt(bodyOf(declaration(serviceBus, 'resultsQueue')), 'name')?.slice(1, -1);
    const triggers = sources('functions').flatMap(({ text }) => [...text.matchAll(/queueName: '([^']+)'/g)]);
    expect(triggers.map(([, name]) => name)).toEqual([results]);
    expect(readFileSync(join(ROOT, 'infra/relay/relay.yaml'), 'utf8')).toContain(`resultsQueue: ${results}`);
    expect(readFileSync(join(ROOT, 'infra/relay/relay.yaml'), 'utf8')).toContain(`jobsQueue: ${siteQueueName('hq')}`);
  });

  it('behave as those of the local run', () => {
    const [site, results] = localQueues('hq');
    expect(queueSettings('site-queue')).toEqual(inSeconds(site));
    expect(queueSettings('service-bus')).toEqual(inSeconds(results));
  });

  it('lock for no longer than a relay believes', () => {
    expect(SERVICE_BUS_LOCK.longestMs).toBe(queueSettings('site-queue').lockSeconds * 1000);
  });

  it.each(['site-queue', 'service-bus'])('of %s keep what could not be delivered', (name) => {
    const properties = queueProperties(name);
    expect(properties.get('deadLetteringOnMessageExpiration')?.text).toBe('true');
    expect(Number(properties.get('maxDeliveryCount')?.text)).toBeGreaterThan(1);
  });

  it('have one session per site, so that one relay works at a time', () => {
    const sender = readFileSync(join(ROOT, 'shared/adapters/service-bus/service-bus-job-queue.ts'), 'utf8');
    expect(sender).toContain('sessionId: job.site');
    expect(queueProperties('site-queue').get('requiresSession')?.text).toBe('true');
  });
});

function queueProperties(module: string): Map<string, { readonly text: string }> {
  const body =
    module === 'site-queue' ? bodyOf(declaration(siteQueue, 'queue')) : bodyOf(declaration(serviceBus, 'resultsQueue'));
  const properties = propertiesOf(body).get('properties');
  return properties ? propertiesOf(properties) : new Map();
}

function queueSettings(module: string) {
  const properties = queueProperties(module);
  expect(properties.get('requiresDuplicateDetection')?.text).toBe('true');
  return {
    requiresSession: properties.get('requiresSession')?.text === 'true',
    lockSeconds: isoSeconds(properties.get('lockDuration')?.text),
    windowSeconds: isoSeconds(properties.get('duplicateDetectionHistoryTimeWindow')?.text),
  };
}

function isoSeconds(text = ''): number {
  const [, minutes = 0, seconds = 0] = /^'PT(?:(\d+)M)?(?:(\d+)S)?'$/.exec(text) ?? [];
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
