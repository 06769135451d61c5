/** A payload changed by a list of steps: from what one side sends to what the other expects. */
export { compileMapping, type Mapping } from './compile.ts';
export { type Inversion, invertMapping } from './invert.ts';
export { type MappingFault, mappingFaults } from './mapping-faults.ts';
export { type MappingStep, mappingSchema } from './schema.ts';
