/** JSONata for what a mapping cannot say: a payload in, another out, within limits. */
export {
  compileExpression,
  EXPRESSION_MAX_CHARS,
  type ExpressionLimits,
  expressionFault,
} from './compile-expression.ts';
