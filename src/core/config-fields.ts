/** Forms of options that several sections of the configuration have. */
import Type from 'typebox';

export const integer = (
  description: string,
  defaultValue: number,
  minimum: number,
  maximum: number,
) => Type.Integer({ description, default: defaultValue, minimum, maximum });

export const section = <P extends Type.TProperties>(description: string, properties: P) =>
  Type.Object(properties, { description, default: {}, additionalProperties: false });
