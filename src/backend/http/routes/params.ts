import { Type } from 'typebox';
import { Id } from '../../../contract/http/shapes.ts';

export const OneId = Type.Object({ id: Id }, { additionalProperties: false });
