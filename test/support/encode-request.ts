// A whole request to a NAS, laid out and signed at once; the relay signs each transmission of one layout apart.

import {
  type CoaRequest,
  layOutRequest,
  type RequestSignature,
  signRequest,
} from '../../relay/radius/encode-request.ts';

/** @throws RangeError as `layOutRequest` and `signRequest` do */
export function encodeRequest(options: CoaRequest & RequestSignature): Buffer {
  return signRequest(layOutRequest(options), options);
}
