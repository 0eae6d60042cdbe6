// Versions of sources.yaml as operators see them.

import { named, object } from '../schema.ts';
import { uploadedVersion, versionFields } from './versions.ts';

export const SOURCES_OVERVIEW = named(
  'SourcesOverview',
  object(
    'What is in force, and what is there',
    versionFields('what the settings make', 'From then on every process goes by it'),
  ),
);

export const UPLOADED_SOURCES = named('UploadedSources', uploadedVersion());
