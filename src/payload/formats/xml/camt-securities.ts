/** Securities in the statements of ISO 20022 camt.053.001.08: bought, sold or held. */
export const CAMT_SECURITIES: Readonly<Record<string, string>> = {
  Price: 'DealPric:DealPrice Prtry[]:ProprietaryPrice',
  DealPrice: 'Tp:PriceType Val:PriceValue',
  PriceType: 'Yldd:Boolean ValTp',
  PriceValue: 'Rate Amt:Amount',
  ProprietaryPrice: 'Tp Pric:Amount',

  Quantity: 'Qty:QuantityValue OrgnlAndCurFaceAmt:FaceAmounts Prtry:ProprietaryQuantity',
  QuantityValue: 'Unit FaceAmt AmtsdVal',
  FaceAmounts: 'FaceAmt AmtsdVal',
  ProprietaryQuantity: 'Tp Qty',

  Security: 'ISIN OthrId[]:OtherSecurityId Desc',
  OtherSecurityId: 'Id Sfx Tp:Code',
  CorporateAction: 'EvtTp EvtId',
  SafekeepingAccount: 'Id Tp:AddressTypeId Nm',
};
