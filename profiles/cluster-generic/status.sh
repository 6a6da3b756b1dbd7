#!/bin/sh
# State of a SLURM job as Snakemake's generic executor wants it: running, success or failed.
case $(squeue --noheader --states=all --jobs="$1" --format=%T) in
  PENDING | CONFIGURING | RUNNING | COMPLETING | SUSPENDED | REQUEUED | REQUEUE_HOLD | RESIZING | SIGNALING | STAGE_OUT | STOPPED) echo running ;;
  COMPLETED) echo success ;;
  *) echo failed ;;
esac
