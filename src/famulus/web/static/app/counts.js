// Numbers with what they count: “1 request”, “3 requests”, “1.2K requests”.

const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });

export const counted = (number, one, many = `${one}s`) => `${compact.format(number)} ${number === 1 ? one : many}`;
