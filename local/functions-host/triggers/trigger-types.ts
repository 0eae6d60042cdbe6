// The trigger types this host can run.
import { httpTrigger } from './http-trigger.ts';
import { serviceBusQueueTrigger } from './service-bus-queue-trigger.ts';
import { timerTrigger } from './timer-trigger.ts';
import type { TriggerType } from './trigger-type.ts';

export const TRIGGER_TYPES: readonly TriggerType[] = [httpTrigger, timerTrigger, serviceBusQueueTrigger];
