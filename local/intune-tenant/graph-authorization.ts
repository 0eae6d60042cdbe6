// Checks the bearer token of a Graph request and the application permission that the request needs.

import type { AccessTokens, TokenCheck } from './access-tokens.ts';
import { answerGraphError, type GraphCall, intuneMessage } from './graph-answer.ts';
import { type CloudAudiences, graphAudiences } from './token-audiences.ts';

export interface GraphAuthorizationContext {
  readonly tokens: AccessTokens;
  readonly graphUrl: string;
  readonly audiences: CloudAudiences;
}

export interface RequiredPermission {
  /** Any one of these is enough. */
  readonly anyOf: readonly string[];
  /** Intune words its refusals differently from the directory. */
  readonly service: 'intune' | 'directory';
}

type TokenFault = Extract<TokenCheck, { valid: false }>['reason'];

const TOKEN_MESSAGES: Readonly<Record<TokenFault, string>> = {
  malformed: 'IDX14100: JWT is not well formed.',
  signature: 'Access token validation failure. Invalid signature.',
  audience: 'Access token validation failure. Invalid audience.',
  expired: 'Lifetime validation failed, the token is expired.',
};

/**
 * True when the request may go on; otherwise it has been answered as Graph does: 401 `InvalidAuthenticationToken` for
 * the token, 403 for the permission (`Forbidden` by Intune, `Authorization_RequestDenied` by the directory).
 */
export async function authorizedByGraph(
  call: GraphCall,
  permission: RequiredPermission,
  context: GraphAuthorizationContext,
): Promise<boolean> {
  const header = call.exchange.header('authorization') ?? '';
  const token = /^Bearer\s+(\S+)$/i.exec(header)?.[1];
  if (token === undefined) {
    refuseToken(call, 'Access token is empty.');
    return false;
  }
  const check = await context.tokens.check(token, graphAudiences(context.graphUrl, context.audiences));
  if (!check.valid) {
    refuseToken(call, TOKEN_MESSAGES[check.reason]);
    return false;
  }
  if (!permission.anyOf.some((role) => check.roles.includes(role))) {
    refusePermission(call, permission);
    return false;
  }
  return true;
}

function refuseToken(call: GraphCall, message: string): void {
  answerGraphError(call, 401, 'InvalidAuthenticationToken', message, {
    'www-authenticate':
      'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", ' +
      'client_id="00000003-0000-0000-c000-000000000000"',
  });
}

function refusePermission(call: GraphCall, permission: RequiredPermission): void {
  if (permission.service === 'directory') {
    answerGraphError(call, 403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');
    return;
  }
  const needed = permission.anyOf.join(', ');
  answerGraphError(
    call,
    403,
    'Forbidden',
    intuneMessage(
      call,
      'Application is not authorized to perform this operation. ' +
        `Application must have one of the following scopes: ${needed}`,
    ),
  );
}
