/** The dialog for what a launch needs: partitions, and a configuration. */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import { FormComponent, ReactWidget } from '@jupyterlab/ui-components';
import type { JSONObject, ReadonlyJSONObject } from '@lumino/coreutils';
import type { RJSFSchema, ValidatorType } from '@rjsf/utils';
import * as React from 'react';
import type { Asset, AssetDetails } from '../model/asset';
import { formSchema, joinedKeys, partitionsOf, runConfigOf } from '../model/launch';
import { runTitle } from '../model/words';
import type { IContext } from './context';
import type { ILaunch } from './launch';
import { PartitionList } from './partitionList';

interface IChoice {
  /** The chosen keys of each dimension. */
  readonly chosen: readonly (readonly string[])[];
  readonly config: JSONObject | null;
}

/**
 * Ask for partitions and configuration; null where the user has thought better of it.
 *
 * @param given - partitions that are chosen already, and not asked for.
 */
export async function askOptions(
  context: IContext,
  assets: readonly Asset[],
  details: AssetDetails,
  given: readonly string[] | null = null
): Promise<ILaunch | null> {
  const { trans } = context;
  // Several assets have a configuration each: they run with their defaults.
  const schema = assets.length === 1 ? details.config_schema : null;
  // The validator is large, and needed here alone.
  const validator = schema ? (await import('@rjsf/validator-ajv8')).default : null;
  const asked = given ? { ...details, partitions: null } : details;
  const body = new OptionsBody(context, asked, schema ? (formSchema(schema) as RJSFSchema) : null, validator);
  const { button, value } = await showDialog<IChoice>({
    title: trans.__('Materialize %1', runTitle(assets.map(asset => asset.key), trans)),
    body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Materialize') })
    ],
    focusNodeSelector: 'input, select, textarea'
  });
  if (!button.accept || !value) {
    return null;
  }
  return { assets, partitions: given ?? joinedKeys(value.chosen), runConfig: runConfigOf(details, value.config) };
}

class OptionsBody extends ReactWidget implements Dialog.IBodyWidget<IChoice> {
  constructor(
    private readonly context: IContext,
    private readonly details: AssetDetails,
    private readonly schema: RJSFSchema | null,
    private readonly validator: ValidatorType | null
  ) {
    super();
    this.addClass('jp-Daglab-options');
    const { partitions } = details;
    const dimensions = partitions?.dimensions ?? [];
    this.choice = {
      // The latest partition is the one that is wanted most often.
      chosen: dimensions.map((_, at) => (partitions ? partitionsOf(partitions, at) : []).slice(0, 1).map(one => one.key)),
      config: null
    };
  }

  getValue(): IChoice {
    return this.choice;
  }

  protected override render(): React.ReactElement {
    const { partitions } = this.details;
    const { trans } = this.context;
    return (
      <>
        {partitions?.dimensions.map((dimension, at) => (
          <PartitionList
            key={dimension.name}
            label={partitions.dimensions.length > 1 ? trans.__('Partitions of %1', dimension.name) : trans.__('Partitions')}
            partitions={partitionsOf(partitions, at)}
            chosen={this.choice.chosen[at] ?? []}
            trans={trans}
            onChange={keys => this.choose(at, keys)}
          />
        ))}
        {partitions ? <p className="jp-Daglab-hint">{this.runsText()}</p> : null}
        {this.schema && this.validator ? this.form(this.schema, this.validator) : null}
      </>
    );
  }

  private form(schema: RJSFSchema, validator: ValidatorType): React.ReactElement {
    const { trans, translator } = this.context;
    const touch = (): void => {
      this.touched = true;
    };
    return (
      <section
        aria-label={trans.__('Configuration')}
        ref={node => nameFields(node)}
        onChangeCapture={touch}
        onClickCapture={touch}
      >
        <h3>{trans.__('Configuration')}</h3>
        <FormComponent
          schema={schema}
          validator={validator}
          formData={(this.choice.config ?? {}) as ReadonlyJSONObject}
          onChange={event => {
            // The form itself fills in defaults; only what the user enters is sent, and checked.
            if (this.touched) {
              this.choice = { ...this.choice, config: event.formData as JSONObject };
              this.update();
            }
          }}
          liveValidate={this.choice.config !== null}
          showErrorList={false}
          translator={translator}
        />
      </section>
    );
  }

  private choose(dimension: number, keys: readonly string[]): void {
    const chosen = this.choice.chosen.map((before, at) => (at === dimension ? keys : before));
    this.choice = { ...this.choice, chosen };
    this.update();
  }

  private runsText(): string {
    const { trans } = this.context;
    const count = joinedKeys(this.choice.chosen).length;
    return count === 0
      ? trans.__('Choose at least one partition.')
      : count === 1
        ? trans.__('One run makes this partition.')
        : trans.__('A backfill makes these %1 partitions.', count);
  }

  private choice: IChoice;
  private touched = false;
}

/** JupyterLab's form shows the name of a field beside it, and does not tell it to screen readers. */
function nameFields(section: HTMLElement | null): void {
  for (const control of section?.querySelectorAll('input, select, textarea') ?? []) {
    const name = control.closest('.form-group')?.querySelector('.jp-FormGroup-fieldLabel')?.textContent;
    if (name) {
      control.setAttribute('aria-label', name);
    }
  }
}
