// The settings of one queue as a caller gives them, and complete with the defaults of Azure Service Bus.
export interface QueueDefinition {
  readonly name: string;
  readonly lockDurationMs?: number;
  readonly maxDeliveryCount?: number;
  readonly requiresSession?: boolean;
  /** How long a message id is remembered; none: no duplicate detection. */
  readonly duplicateDetectionWindowMs?: number;
  readonly defaultTtlMs?: number;
  readonly deadLetterOnExpiry?: boolean;
  /** As with the status SendDisabled of Azure: nothing may be sent to it. */
  readonly sendDisabled?: boolean;
}

export interface QueueSettings {
  readonly lockDurationMs: number;
  readonly maxDeliveryCount: number;
  readonly requiresSession: boolean;
  readonly duplicateDetectionWindowMs: number | undefined;
  readonly defaultTtlMs: number;
  readonly deadLetterOnExpiry: boolean;
  readonly sendDisabled: boolean;
}

export function settingsOf(definition: QueueDefinition): QueueSettings {
  return {
    lockDurationMs: definition.lockDurationMs ?? 60_000,
    maxDeliveryCount: definition.maxDeliveryCount ?? 10,
    requiresSession: definition.requiresSession ?? false,
    duplicateDetectionWindowMs: definition.duplicateDetectionWindowMs,
    defaultTtlMs: definition.defaultTtlMs ?? Number.POSITIVE_INFINITY,
    deadLetterOnExpiry: definition.deadLetterOnExpiry ?? false,
    sendDisabled: definition.sendDisabled ?? false,
  };
}

/** A dead-letter queue is never limited: nothing in it expires or moves on by itself. */
export function deadLetterSettings({ lockDurationMs }: QueueSettings): QueueSettings {
  return settingsOf({ name: '', lockDurationMs, maxDeliveryCount: Number.POSITIVE_INFINITY });
}
