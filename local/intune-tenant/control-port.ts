// The tenant's control port: plain HTTP and JSON on the loopback interface, through which people and tests change the
// fleet, the registration and the tenant's behaviour, and script answers, while the tenant runs.

import { RegistrationError } from './app-registration.ts';
import { ControlError } from './control-error.ts';
import { CONTROL_OPERATIONS, type ControlContext } from './control-operations.ts';
import { FleetError, type FleetErrorCode } from './fleet-error.ts';
import { BodyTooLargeError, type HttpExchange } from './http-exchange.ts';
import { PersonError } from './people/person.ts';
import { SignInError } from './people/sign-in.ts';
import { ScriptError } from './script.ts';
import { BehaviourError } from './tenant-behaviour.ts';

const FLEET_STATUS: Readonly<Record<FleetErrorCode, number>> = {
  invalid_property: 400,
  device_not_found: 404,
  device_ambiguous: 409,
  device_exists: 409,
};

/** Answers one request to the control port; refusals are `{code, message}` and say what to do instead. */
export async function answerControlRequest(exchange: HttpExchange, context: ControlContext): Promise<void> {
  try {
    const { operation, device } = requestedOperation(exchange);
    const answer = await operation({ context, device, query: exchange.query, body: () => jsonObject(exchange) });
    if (answer === undefined) {
      exchange.answer(204, {}, '');
    } else {
      exchange.answerJson(answer.status ?? 200, answer.value);
    }
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) {
      throw error;
    }
    exchange.answerJson(refusal.status, { code: refusal.code, message: refusal.message });
  }
}

const NAMED_AFTER_DEVICES = ['devices', 'entra-devices'];

function requestedOperation(exchange: HttpExchange): {
  operation: (typeof CONTROL_OPERATIONS)[string];
  device: string;
} {
  const [collection = '', ...rest] = segments(exchange.path);
  const named = NAMED_AFTER_DEVICES.includes(collection) && rest.length > 0;
  const [device = '', ...actions] = named ? rest : ['', ...rest];
  const pattern = [collection, ...(named ? ['{device}'] : []), ...actions].join('/');
  const name = `${exchange.method} /${pattern}`;
  const operation = Object.hasOwn(CONTROL_OPERATIONS, name) ? CONTROL_OPERATIONS[name] : undefined;
  if (operation === undefined) {
    throw new ControlError(
      404,
      'unknown_operation',
      `there is no ${exchange.method} ${exchange.path}: use ${Object.keys(CONTROL_OPERATIONS).join(', ')}`,
    );
  }
  return { operation, device };
}

function refusalOf(error: unknown): { status: number; code: string; message: string } | undefined {
  if (error instanceof ControlError) {
    return error;
  }
  if (error instanceof FleetError) {
    return { status: FLEET_STATUS[error.code], code: error.code, message: error.message };
  }
  if (error instanceof ScriptError) {
    return { status: 400, code: 'invalid_script', message: error.message };
  }
  if (error instanceof BehaviourError) {
    return { status: 400, code: 'invalid_behaviour', message: error.message };
  }
  if (error instanceof RegistrationError) {
    return { status: 400, code: 'invalid_registration', message: error.message };
  }
  if (error instanceof PersonError) {
    return { status: 400, code: 'invalid_person', message: error.message };
  }
  if (error instanceof SignInError) {
    return { status: 400, code: 'invalid_sign_in', message: error.message };
  }
  if (error instanceof BodyTooLargeError) {
    return { status: 413, code: 'body_too_large', message: error.message };
  }
  return undefined;
}

function segments(path: string): string[] {
  try {
    return path
      .split('/')
      .filter((segment) => segment !== '')
      .map(decodeURIComponent);
  } catch {
    throw new ControlError(400, 'invalid_path', 'the path is not valid percent-encoded text');
  }
}

async function jsonObject(exchange: HttpExchange): Promise<Readonly<Record<string, unknown>>> {
  const body = await exchange.body();
  let value: unknown;
  try {
    value = body.trim() === '' ? {} : JSON.parse(body);
  } catch {
    throw new ControlError(400, 'invalid_json', 'the body is not JSON: send an object such as {"deviceName":"NAC-9"}');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ControlError(400, 'invalid_json', 'the body must be a JSON object');
  }
  return { ...value };
}
