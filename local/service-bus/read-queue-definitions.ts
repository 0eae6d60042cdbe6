// Reads and checks the JSON file that lists the queues of a broker.
import { readFileSync } from 'node:fs';
import { StartError } from '../local-error.ts';
import type { QueueDefinition } from './queue-definition.ts';

const FIELD_TYPES: Readonly<Record<keyof QueueDefinition, 'string' | 'number' | 'boolean'>> = {
  name: 'string',
  lockDurationMs: 'number',
  maxDeliveryCount: 'number',
  requiresSession: 'boolean',
  duplicateDetectionWindowMs: 'number',
  defaultTtlMs: 'number',
  deadLetterOnExpiry: 'boolean',
  sendDisabled: 'boolean',
};

export function readQueueDefinitions(file: string): QueueDefinition[] {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new StartError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!Array.isArray(value) || !value.every(isQueueDefinition)) {
    const fields = Object.entries(FIELD_TYPES).map(([field, type]) => `${field} (${type})`);
    throw new StartError(`${file} must hold a list of objects with a name and any of: ${fields.slice(1).join(', ')}.`);
  }
  return value;
}

function isQueueDefinition(value: unknown): value is QueueDefinition {
  if (typeof value !== 'object' || value === null || !('name' in value)) return false;
  const types: Readonly<Record<string, string | undefined>> = FIELD_TYPES;
  return Object.entries(value).every(([field, content]) => {
    if (types[field] === undefined || types[field] !== typeof content) return false;
    return content !== '' && (typeof content !== 'number' || content > 0);
  });
}
