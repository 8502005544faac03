"""The front door for notebooks and scripts.

From below: workspace, recorded_trial, designs/, models/, then lab_plots and training_run, and lab on top.
"""
