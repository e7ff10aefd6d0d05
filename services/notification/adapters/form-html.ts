import { type Html, html, raw } from '../../platform/text/html.ts';
import type { FormField } from '../domain/slack-modal.ts';

/** A field of a form as HTML, holding what was entered before. */
export function renderField(field: FormField, entered?: string): Html {
  if (field.type === 'choice') {
    const chosen = entered ?? field.initial;
    // What nobody has chosen must not be said: that a customer was reached, or how a loop ended.
    return html`<label>${field.label} <select name="${field.name}" required>${chosen === undefined && html`<option value="">choose</option>`}${field.options.map(
      ({ value, label }) =>
        html`<option value="${value}"${value === chosen && raw(' selected')}>${label}</option>`,
    )}</select></label>`;
  }
  const required = !field.optional && raw(' required');
  return field.multiline
    ? html`<label>${field.label} <textarea name="${field.name}" rows="2" maxlength="2000"${required}>${entered}</textarea></label>`
    : html`<label>${field.label} <input name="${field.name}" value="${entered}" maxlength="200"${required}></label>`;
}
