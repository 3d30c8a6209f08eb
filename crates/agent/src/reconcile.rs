//! From what is known to what is in force: read, follow, program, and tell those who wait.
//!
//! Pods that were there before come last: their policies are in force in the moment in which they are
//! attached, so what they began goes on.

use std::collections::BTreeMap;
use std::time::Instant;

use cni::{Answer, Attached as Enforced, Denied};
use enforce::{PodInterface, PodState, chain};

use crate::in_force::change;
use crate::label::Step;
use crate::node_agent::{NodeAgent, Waiting, Wanted};
use crate::{AgentError, Known, Local};

impl NodeAgent {
    /// Leads the kernel to what is known by now. What fails is tried again with the next look.
    pub(crate) fn reconcile(&mut self, since: Instant) {
        if !self.view.missing().is_empty() {
            self.answer_waiting();
            return;
        }
        // What was decided until now has the names of until now.
        if let Err(error) = self.hear_flows() {
            tracing::warn!(error = chain(&error), "flows were not heard");
        }
        let begun = Instant::now();
        let done = self.follow().and_then(|()| self.program());
        self.metrics.programmed(done.is_ok(), begun.elapsed(), since.elapsed());
        self.note_failure(done);
        if self.is_as_wanted() {
            self.in_force.reached(&self.view.heard(), Some(change(since)));
        }
        // Until all is well once, the next look says how far it is.
        if self.said.is_ready() {
            self.tell(&self.lacks());
        }
        self.answer_waiting();
        let Self { metrics, enforcer, .. } = self;
        if let Err(error) = metrics.step(Step::EndSilent, || enforcer.end_silent()) {
            tracing::warn!(error = chain(&error), "silent connections were not ended");
        }
    }

    /// What was heard changed nothing, so that too is in force where all before it is.
    pub(crate) fn heard_nothing_new(&mut self) {
        if self.is_as_wanted() {
            self.in_force.reached(&self.view.heard(), None);
        }
    }

    /// Whether the kernel has all that is known, but for what [`enforce::NotProgrammed`] names. Before pods
    /// that run are attached it has nothing on them.
    fn is_as_wanted(&self) -> bool {
        self.is_settled && self.failed.is_none() && !self.enforcer.is_behind()
    }

    pub(crate) fn note_failure(&mut self, done: Result<(), AgentError>) {
        let failed = done.err().map(|error| chain(&error));
        if failed != self.failed {
            if let Some(failed) = &failed {
                tracing::error!(error = failed, "what is wanted is not in force");
            }
            self.failed = failed;
        }
    }

    /// Learns who exists and whose each interface is. What is nobody's any more is cut off at once.
    fn follow(&mut self) -> Result<(), AgentError> {
        let Self { metrics, view, .. } = self;
        let Known { parts, rules, unreadable } = metrics.step(Step::Read, || view.read());
        self.note_unreadable(unreadable);
        let Self { view, attachments, settings, addresses, .. } = self;
        let known = attachments.iter().filter(|(_, one)| Self::owner(view, one).is_some());
        let attached: BTreeMap<_, _> =
            known.map(|(_, one)| ((one.namespace.as_str(), one.name.as_str()), one)).collect();
        let world = Local { node: &settings.node, addresses, attached }.world(parts)?;
        let guarded = std::mem::take(&mut self.wanted.guarded);
        self.wanted = Wanted { world, rules, guarded };
        self.names.learn(self.view.texts_of_node(&self.settings.node));
        let Self { enforcer, attachments, view, wanted, .. } = self;
        let owner = |id: &str| attachments.get(id).and_then(|one| Self::owner(view, one));
        self.metrics.step(Step::Follow, || enforcer.follow(&wanted.world, owner))?;
        Ok(())
    }

    fn program(&mut self) -> Result<(), AgentError> {
        let Self { metrics, enforcer, wanted, .. } = self;
        metrics.step(Step::Program, || enforcer.program(wanted.desired()))?;
        if !self.is_settled {
            self.settle()?;
        }
        Ok(())
    }

    /// The first time: what an agent before attached is attached again by these programs, and what nobody
    /// attached yet is.
    fn settle(&mut self) -> Result<(), AgentError> {
        let resumed = self.attachments.iter().map(|(id, one)| {
            let interface = one.interface(id, Self::owner(&self.view, one));
            PodInterface { is_adopted: true, ..interface }
        });
        let resumed: Vec<PodInterface> = resumed.collect();
        self.enforcer.attach(&resumed, &self.wanted.world)?;
        self.adopt()?;
        self.enforcer.forget_others()?;
        self.is_settled = true;
        tracing::info!(attached = self.attachments.iter().count(), "the node is enforced");
        Ok(())
    }

    fn note_unreadable(&mut self, unreadable: BTreeMap<String, String>) {
        for (object, problem) in &unreadable {
            if self.unreadable.get(object) != Some(problem) {
                tracing::warn!(object, problem, "an object cannot be read");
            }
        }
        self.unreadable = unreadable;
    }

    /// Answers every ADD whose pod's policies are in force, and those that waited too long.
    pub(crate) fn answer_waiting(&mut self) {
        for waiting in std::mem::take(&mut self.waiting) {
            match self.answer(&waiting) {
                Some(answer) => {
                    let is_enforced = matches!(answer, Answer::Attached(_));
                    self.metrics.added(is_enforced, waiting.since.elapsed());
                    // A plugin that no longer listens has been told by its own time-out.
                    let _ = waiting.reply.send(answer);
                }
                None => self.waiting.push(waiting),
            }
        }
    }

    fn answer(&self, waiting: &Waiting) -> Option<Answer> {
        let state = self.enforcer.state(&waiting.id);
        if state == Some(PodState::Enforced) && self.failed.is_none() && self.is_settled {
            return Some(Answer::Attached(Enforced::Enforced));
        }
        let is_late = waiting.since.elapsed() >= self.settings.add_timeout;
        is_late.then(|| Answer::Denied(Denied::Later { why: self.why(state) }))
    }

    /// Why a pod is still in quarantine.
    fn why(&self, state: Option<PodState>) -> String {
        let missing = self.view.missing();
        match (state, &self.failed) {
            _ if !missing.is_empty() => {
                format!("the API server has not listed every {} yet", missing.join(", "))
            }
            (_, Some(failed)) => format!("the node's policies cannot be programmed: {failed}"),
            (Some(PodState::Held(_, why)), None) => why,
            (Some(PodState::Unowned), None) => "the API server has not said who it is yet".into(),
            (Some(PodState::Behind | PodState::Enforced), None) => "it took too long".into(),
            (None, None) => "its interface went meanwhile".into(),
        }
    }
}
