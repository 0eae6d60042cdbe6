// Command line: draws the pictures of the documents from their texts, docs/pictures/*.txt.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawnPictures, PICTURE_FOLDER } from './pictures/pictures.ts';

for (const [name, content] of drawnPictures()) {
  writeFileSync(join(PICTURE_FOLDER, name), content);
  console.log(`docs/pictures/${name}`);
}
