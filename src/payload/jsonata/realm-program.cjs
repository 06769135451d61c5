'use strict';

/*
 * What runs inside the realm of expressions, where promises are settled before a call returns:
 * only text and numbers go in and out, by `job`. A script of that realm, which has `jsonata` and
 * `host` as globals; its value is what the gateway calls.
 */
/* global jsonata, host */

const EXIT_HOOK = Symbol.for('jsonata.__evaluate_exit');
const RESULT_DEPTH_MAX = 64;

const job = {
  expression: undefined,
  text: '',
  timeoutMs: 0,
  depthMax: 0,
  itemsMax: 0,
  charsMax: 0,
  result: undefined,
  fault: undefined,
  position: undefined,
  isHooked: false,
};

const fault = code => ({ code });

function checkSize(_node, _input, _environment, value) {
  if (typeof value === 'string' && value.length > job.charsMax) throw fault('size');
}

/** As the library's, which makes the padding before anybody can ask how long it is. */
function pad(text, width, filling) {
  if (text === undefined) return undefined;
  if (!(Math.abs(width) <= job.charsMax)) throw fault('size');
  const missing = Math.trunc(Math.abs(width)) - Array.from(text).length;
  if (missing <= 0) return text;
  const unit = Array.from(filling === undefined || filling === '' ? ' ' : filling);
  let padding = '';
  for (let at = 0; at < missing; at++) padding += unit[at % unit.length];
  return width > 0 ? text + padding : padding + text;
}

/** As the library's, which makes the text before anybody can ask how long it is. */
function join(texts, separator) {
  if (texts === undefined) return undefined;
  const between = separator === undefined ? '' : separator;
  let length = between.length * Math.max(texts.length - 1, 0);
  for (const text of texts) length += text.length;
  if (length > job.charsMax) throw fault('size');
  return texts.join(between);
}

function compile(text) {
  const options = { timeout: 0, stack: 0, sequence: 0 };
  const expression = jsonata(text, options);
  expression.assign(EXIT_HOOK, checkSize);
  expression.assign('eval', undefined);
  expression.registerFunction('pad', pad, '<s-ns?:s>');
  expression.registerFunction('join', join, '<a<s>s?:s>');
  expression.registerFunction('base64encode', text => text && host.toBase64(text), '<s-:s>');
  expression.registerFunction('base64decode', text => text && host.fromBase64(text), '<s-:s>');
  return { expression, options };
}

/** Least length of the result as JSON: a value that is held twice counts twice. */
function measure(value, depth) {
  switch (typeof value) {
    case 'string':
      return value.length + 2;
    case 'number':
      if (!Number.isFinite(value)) throw fault('number');
      return 1;
    case 'boolean':
      return 4;
    case 'object':
      return value === null ? 4 : measureParts(value, depth);
    case 'undefined':
      return 0;
    default:
      throw fault('function');
  }
}

function measureParts(value, depth) {
  if (depth === RESULT_DEPTH_MAX) throw fault('nesting');
  if (value._jsonata_lambda === true) throw fault('function');
  let size = 2;
  const isList = Array.isArray(value);
  for (const name of isList ? value.keys() : Object.keys(value)) {
    const part = value[name];
    if (isList && part === undefined) throw fault('hole');
    size += 1 + (isList ? 0 : name.length) + measure(part, depth + 1);
    if (size > job.charsMax) throw fault('size');
  }
  return size;
}

function succeed(value) {
  if (value === undefined) throw fault('nothing');
  if (measure(value, 0) > job.charsMax) throw fault('size');
  job.result = JSON.stringify(value);
}

function fail(error) {
  const code = error === null || error === undefined ? undefined : error.code;
  job.fault = typeof code === 'string' ? code : 'exception';
  const position = error === null || error === undefined ? undefined : error.position;
  job.position = typeof position === 'number' ? position : undefined;
}

function start() {
  job.result = undefined;
  job.fault = undefined;
  job.position = undefined;
  const { expression, options } = job.expression;
  options.timeout = job.timeoutMs;
  options.stack = job.depthMax;
  options.sequence = job.itemsMax;
  expression.evaluate(JSON.parse(job.text)).then(succeed).then(undefined, fail);
}

/** Whether promises get ids of their own here: async hooks follow them. */
function probe() {
  job.isHooked = false;
  const outside = host.asyncId();
  Promise.resolve().then(() => {
    job.isHooked = host.asyncId() !== outside;
  });
}

({ job, compile, start, probe });
