// `GET /v1.0/servicePrincipals/appId={Intune}/endpoints`: where the Intune services of the tenant live.

import { COMPLIANCE_RETRIEVAL_PATH } from './compliance-retrieval.ts';
import { answerGraph, answerGraphError, type GraphCall } from './graph-answer.ts';
import { authorizedByGraph, type GraphAuthorizationContext, type RequiredPermission } from './graph-authorization.ts';
import { NAC_SERVICE_PATH } from './nac-service.ts';

/** The first-party application "Microsoft Intune". */
export const INTUNE_APP_ID = '0000000a-0000-0000-c000-000000000000';

const PERMISSION: RequiredPermission = {
  anyOf: ['Application.Read.All', 'Application.ReadWrite.All', 'Application.ReadWrite.OwnedBy', 'Directory.Read.All'],
  service: 'directory',
};

/** Copies Intune's service discovery through Graph, for the two generations of the network access control service. */
export async function answerServiceEndpoints(
  call: GraphCall,
  appId: string,
  context: GraphAuthorizationContext,
): Promise<void> {
  if (!(await authorizedByGraph(call, PERMISSION, context))) {
    return;
  }
  if (appId.toLowerCase() !== INTUNE_APP_ID) {
    answerGraphError(
      call,
      404,
      'Request_ResourceNotFound',
      `Resource '${appId}' does not exist or one of its queried reference-property objects are not present.`,
    );
    return;
  }
  const { graphUrl } = context;
  answerGraph(call, {
    '@odata.context': `${graphUrl}/v1.0/$metadata#servicePrincipals('${INTUNE_APP_ID}')/endpoints`,
    value: [
      serviceEndpoint(
        'b9e1f7a2-51c7-4f1c-9a26-7a3f0c6f7d10',
        'ComplianceRetrievalService',
        `${graphUrl}${COMPLIANCE_RETRIEVAL_PATH}`,
      ),
      serviceEndpoint('4c0f2d8e-6e1b-4b5a-8a43-2f9d1b7c6e21', 'NACAPIService', `${graphUrl}${NAC_SERVICE_PATH}`),
    ],
  });
}

function serviceEndpoint(id: string, providerName: string, uri: string): Readonly<Record<string, string | null>> {
  return { id, capability: providerName, providerId: null, providerName, providerResourceId: null, uri };
}
